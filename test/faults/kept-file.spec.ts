import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What keeping-process.mjs says. */
interface Said {
  readonly recorded: number;
  readonly providers: {
    readonly complete: boolean;
    readonly gaps: readonly unknown[];
    readonly summary: { readonly total_requests: number };
    readonly providers: Readonly<Record<string, { readonly tokens: { readonly input_tokens: number } }>>;
  };
}

const script = fileURLToPath(new URL('../fixtures/keeping-process.mjs', import.meta.url));

async function started(file: string, records: boolean): Promise<ChildProcess> {
  const child = fork(script, { env: { ...process.env, FILE: file, RECORDS: records ? '1' : '' }, execArgv: [] });
  await once(child, 'message');
  return child;
}

async function report(child: ChildProcess): Promise<Said> {
  const answer = once(child, 'message');
  child.send('report');
  return ((await answer) as [Said])[0];
}

async function terminated(child: ChildProcess): Promise<number> {
  const last = once(child, 'message');
  child.kill('SIGTERM');
  const [{ recorded }] = (await last) as [Said];
  await once(child, 'exit');
  return recorded;
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Waits until the file was written twice: the second time began after the call. */
async function savedAnew(file: string): Promise<void> {
  for (let time = 0; time < 2; time++) {
    const { mtimeMs } = await stat(file);
    for (let attempt = 0; attempt < 400 && (await stat(file)).mtimeMs === mtimeMs; attempt++) await setTimeout(25);
  }
}

describe('a process that keeps its numbers in a file', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestmeter-kept-'));
    file = join(folder, 'numbers');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('loses nothing when it is terminated, time after time', async () => {
    let recorded = 0;
    for (let time = 0; time < 3; time++) {
      const child = await started(file, true);
      await setTimeout(300);
      recorded += await terminated(child);
    }
    const next = await started(file, false);
    const { providers } = await report(next);
    expect(recorded).toBeGreaterThan(0);
    expect(providers).toMatchObject({ complete: true, gaps: [], summary: { total_requests: recorded } });
    expect(providers.providers['openai']!.tokens.input_tokens).toBe(100 * recorded);
    await terminated(next);
    expect(await readdir(folder)).toEqual(['numbers']);
  });

  it('loses at most what it counted since its last save when it is killed, and says so', async () => {
    const child = await started(file, true);
    const { recorded: saved } = await report(child);
    await savedAnew(file);
    const { recorded: last } = await report(child);
    await killed(child);
    const next = await started(file, false);
    const { providers } = await report(next);
    expect(providers.summary.total_requests).toBeGreaterThanOrEqual(saved);
    // Between its last word and its death it counted on for a moment.
    expect(providers.summary.total_requests).toBeLessThanOrEqual(last + 1000);
    expect(providers.providers['openai']!.tokens.input_tokens).toBe(100 * providers.summary.total_requests);
    expect(providers.complete).toBe(false);
    expect(providers.gaps.length).toBeGreaterThan(0);
    await terminated(next);
  });

  it('loses nothing when it is a script that ends by itself, without stop()', async () => {
    const library = new URL('../../libs/nestmeter/dist/core.js', import.meta.url).href;
    const code = `
      import { createMonitor } from '${library}';
      const monitor = createMonitor({ persistence: { file: process.env.FILE }, genaiPrices: false });
      monitor.start();
      monitor.recordLLMCall({ provider: 'openai', model: 'gpt-4o', durationMs: 5, inputTokens: 100 });
    `;
    for (let time = 0; time < 2; time++)
      execFileSync(process.execPath, ['--input-type=module', '--eval', code], { env: { ...process.env, FILE: file } });
    const next = await started(file, false);
    const { providers } = await report(next);
    expect(providers.summary.total_requests).toBe(2);
    await terminated(next);
  });
});
