import { createLog } from './log.js';

describe('the log', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const logger = { log: write, warn: write, error: write };

  it('writes one line for a message, whatever names from outside are in it', () => {
    createLog(logger, 'warn').warn('A call of a\r\n[nestmeter] forged\u2028\u001b[31m ended');
    expect(lines).toEqual(['[nestmeter] A call of a [nestmeter] forged [31m ended']);
  });
});
