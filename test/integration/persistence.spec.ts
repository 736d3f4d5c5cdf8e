import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMonitor, type MonitorOptions } from '../../libs/nestmeter/src/monitor.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestmeter-persistence-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const call = { provider: 'openai', model: 'gpt-4o', durationMs: 12, inputTokens: 3, outputTokens: 1 };

/** A monitor that runs while something is done with it. */
async function during<Result>(
  options: MonitorOptions,
  act: (monitor: ReturnType<typeof createMonitor>) => Promise<Result>,
): Promise<Result> {
  const monitor = createMonitor({ genaiPrices: false, logLevel: 'silent', ...options });
  monitor.start();
  try {
    return await act(monitor);
  } finally {
    await monitor.stop();
  }
}

const totals = async (monitor: ReturnType<typeof createMonitor>) => {
  const { complete, summary, providers } = await monitor.reports.providers({ window: '1h' });
  const openai = providers['openai'];
  return [complete, summary.total_requests, openai?.tokens.input_tokens ?? 0, openai?.average_response_time_ms ?? null];
};

describe('A monitor with a file', () => {
  it.each(['numbers', 'numbers.json'])('answers after a restart as before it (%s)', async (name) => {
    const persistence = { file: join(folder, name) };
    for (let run = 1; run <= 3; run++)
      await during({ persistence }, async (monitor) => {
        for (let index = 0; index < 100; index++) monitor.recordLLMCall(call);
        expect(await totals(monitor)).toEqual([true, run * 100, run * 300, 12]);
      });
    await during({ persistence }, async (monitor) => expect(await totals(monitor)).toEqual([true, 300, 900, 12]));
  });

  it('saves and loads by hand, and takes no number twice', async () => {
    const file = join(folder, 'by-hand.json');
    await during({}, async (monitor) => {
      monitor.recordLLMCall(call);
      await monitor.save(file);
      monitor.recordLLMCall(call);
      await monitor.load(file);
      expect(await totals(monitor)).toEqual([true, 2, 6, 12]);
    });
    await during({}, async (monitor) => {
      monitor.recordLLMCall(call);
      await monitor.load(file);
      await monitor.load(file);
      expect((await totals(monitor)).slice(1)).toEqual([2, 6, 12]);
    });
  });

  it('writes no secret', async () => {
    const secret = 'a-token-of-16-or-more';
    const file = join(folder, 'numbers.json');
    await during({ persistence: { file }, access: { read: secret, write: secret } }, async (monitor) => {
      monitor.recordLLMCall(call);
      await monitor.flush();
    });
    expect(await readFile(file, 'utf8')).not.toContain(secret);
  });

  it('refuses it with Redis, and does nothing when it is disabled', async () => {
    const redis = { app: 'shop', redis: 'redis://127.0.0.1:1' };
    expect(() => createMonitor({ ...redis, persistence: { file: 'numbers' } })).toThrow(
      /persistence must be left out when redis is given/,
    );
    await expect(createMonitor(redis).save('numbers')).rejects.toMatchObject({ code: 'NM_FILE_UNUSABLE' });
    await createMonitor({ enabled: false }).save(join(folder, 'none'));
    await createMonitor({ enabled: false }).load(join(folder, 'none'));
  });

  it('says in /health how its file does', async () => {
    const persistence = { file: join(folder, 'no-folder/numbers') };
    await during({ persistence, listen: { host: '127.0.0.1', port: 0 } }, async (monitor) => {
      await monitor.reports.providers();
      const response = await fetch(`http://127.0.0.1:${monitor.ownPort}/performance/health`);
      const { store } = (await response.json()) as { store: { details: object } };
      expect(store.details).toMatchObject({ file_saved: null, file_error: expect.stringMatching(/ENOENT/) as string });
    });
  });
});
