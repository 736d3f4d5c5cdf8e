import { createLog } from './log.js';

describe('the log', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const logger = { log: write, warn: write, error: write };

  beforeEach(() => lines.splice(0));

  it('writes one line for a message, whatever names from outside are in it', () => {
    createLog(logger, () => 'warn').warn('A call of a\r\n[nestmeter] forged\u2028\u001b[31m ended');
    expect(lines).toEqual(['[nestmeter] A call of a [nestmeter] forged [31m ended']);
  });

  it('writes what is at or above the level of the moment, which may change', () => {
    let level: 'silent' | 'warn' | 'debug' = 'warn';
    const log = createLog(logger, () => level);
    const all = () => {
      log.warn('warning');
      log.info('note');
      log.debug('detail');
      return lines.splice(0);
    };
    expect(all()).toEqual(['[nestmeter] warning']);
    level = 'debug';
    expect(all()).toEqual(['[nestmeter] warning', '[nestmeter] note', '[nestmeter] detail']);
    level = 'silent';
    expect(all()).toEqual([]);
  });

  it('drops what a logger throws', () => {
    const fail = () => {
      throw new Error('disk full');
    };
    const log = createLog({ error: fail, warn: fail, log: fail }, () => 'debug');
    expect(() => log.warn('warning')).not.toThrow();
  });
});
