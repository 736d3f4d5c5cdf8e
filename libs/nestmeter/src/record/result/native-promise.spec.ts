import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { runInNewContext } from 'node:vm';

import { transform } from '@swc/core';

import { RecordedResult } from '../../../../../test/fixtures/recorded-result.js';
import { observeResult } from '../observe-result.js';

const run = promisify(execFile);
const recordFolder = dirname(import.meta.dirname);

describe('a watched promise of the language', () => {
  it('is the same object, of the same class, and looks the same', async () => {
    const promise = Promise.resolve(1);
    const ownKeys = Reflect.ownKeys(promise);
    const watched = observeResult(promise, new RecordedResult(), true);
    expect(watched).toBe(promise);
    expect(watched).toBeInstanceOf(Promise);
    expect(watched.constructor).toBe(Promise);
    expect(Promise.resolve(watched)).toBe(promise);
    expect(inspect(watched, { depth: 0 })).toMatch(/^Promise \{\s+1\b/);
    expect(Reflect.ownKeys(watched)).toEqual(ownKeys);
    await watched;
  });

  it('tells what it came to before the application sees it', async () => {
    const observer = new RecordedResult();
    await observeResult(Promise.resolve(5), observer).then(() => expect(observer.told).toEqual([['value', 5]]));
  });

  it('tells the very error that the application gets', async () => {
    const observer = new RecordedResult();
    const error = new Error('refused');
    await expect(observeResult(Promise.reject(error), observer, true)).rejects.toBe(error);
    expect(observer.told).toEqual([['error', error]]);
  });

  it('costs the application no turn of the microtask queue', async () => {
    const order: string[] = [];
    const wait = async (name: string, promise: Promise<void>): Promise<void> => {
      await promise;
      order.push(name);
    };
    const bare = Promise.resolve();
    const watched = observeResult(Promise.resolve(), new RecordedResult(), true);
    await Promise.all([wait('first bare', bare), wait('watched', watched), wait('last bare', bare)]);
    expect(order).toEqual(['first bare', 'watched', 'last bare']);
  });

  it('is recognised in each realm', async () => {
    const observer = new RecordedResult();
    const promise = runInNewContext('Promise.resolve(3)') as Promise<number>;
    expect(await observeResult(promise, observer, true)).toBe(3);
    expect(observer.told).toEqual([['value', 3]]);
  });

  it('is told to each call that returned it', async () => {
    const shared = Promise.resolve('shared');
    const observers = Array.from({ length: 50 }, () => new RecordedResult());
    for (const observer of observers) void observeResult(shared, observer);
    await shared;
    for (const observer of observers) expect(observer.told).toEqual([['value', 'shared']]);
  });
});

describe('a rejection that the application does not handle', () => {
  let folder: string;

  /** The sources as JavaScript, for a process of their own: in this one jest has a say in what is unhandled. */
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestmeter-result-'));
    await mkdir(join(folder, 'result'));
    await writeFile(join(folder, 'package.json'), '{"type": "module"}');
    const inResult = (await readdir(join(recordFolder, 'result'))).map((name) => join('result', name));
    const sources = ['observe-result.ts', ...inResult.filter((name) => !name.endsWith('.spec.ts'))];
    for (const source of sources) {
      const options = { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } } as const;
      const { code } = await transform(await readFile(join(recordFolder, source), 'utf8'), options);
      await writeFile(join(folder, source.replace(/ts$/, 'js')), code);
    }
  });

  afterAll(() => rm(folder, { recursive: true }));

  const prelude = `
    import { observeResult } from './observe-result.js';
    const observer = { value() {}, error() {}, unread() {}, streaming() {}, item() {}, end() {}, run: (code) => code() };
    const reject = async () => { await null; throw new Error('refused'); };
  `;

  it('is reported by Node exactly as often as without us, also when it is handled late', async () => {
    await writeFile(
      join(folder, 'count.js'),
      `${prelude}
      const counts = { unhandledRejection: 0, rejectionHandled: 0 };
      for (const event of Object.keys(counts)) process.on(event, () => counts[event]++);
      const later = () => new Promise((resolve) => setTimeout(resolve, 5));
      const ways = {
        nobody: () => {},
        onlyThen: (promise) => void promise.then(() => {}),
        catch: (promise) => void promise.catch(() => {}),
        finally: (promise) => void promise.finally(() => {}),
        finallyCaught: (promise) => void promise.finally(() => {}).catch(() => {}),
        awaited: async (promise) => { try { await promise; } catch {} },
        returned: (promise) => void (async () => promise)().catch(() => {}),
        all: (promise) => void Promise.all([promise]).catch(() => {}),
        allSettled: (promise) => void Promise.allSettled([promise, promise]),
        late: async (promise) => { await later(); await promise.catch(() => {}); },
        lateTwice: async (promise) => { await later(); promise.catch(() => {}); await promise.catch(() => {}); },
        afterAwhile: async (promise) => { await null; await null; await null; await promise.catch(() => {}); },
      };
      const watchers = {
        bare: () => reject(),
        watched: () => observeResult(reject(), observer, true),
        watchedTwice: () => observeResult(observeResult(reject(), observer, true), observer),
        watchedTwiceFresh: () => observeResult(observeResult(reject(), observer, true), observer, true),
        rejectedBefore: () => observeResult(Promise.reject(new Error('refused')), observer, true),
      };
      const result = {};
      for (const [way, handle] of Object.entries(ways)) {
        for (const [watcher, make] of Object.entries(watchers)) {
          counts.unhandledRejection = counts.rejectionHandled = 0;
          await handle(make());
          await later();
          await later();
          (result[way] ??= {})[watcher] = counts.unhandledRejection + '/' + counts.rejectionHandled;
        }
      }
      console.log(JSON.stringify(result));`,
    );
    const { stdout } = await run(process.execPath, [join(folder, 'count.js')]);
    const result = JSON.parse(stdout) as Record<string, Record<string, string>>;
    const bare = Object.fromEntries(Object.entries(result).map(([way, counts]) => [way, counts['bare']]));
    expect(bare).toEqual({
      nobody: '1/0',
      onlyThen: '1/0',
      catch: '0/0',
      finally: '1/0',
      finallyCaught: '0/0',
      awaited: '0/0',
      returned: '0/0',
      all: '0/0',
      allSettled: '0/0',
      late: '1/1',
      lateTwice: '1/1',
      afterAwhile: '0/0',
    });
    for (const [way, counts] of Object.entries(result)) {
      for (const [watcher, count] of Object.entries(counts)) {
        expect(`${way} ${watcher} ${count}`).toBe(`${way} ${watcher} ${bare[way]}`);
      }
    }
  });

  it('ends the process with that error, as without us', async () => {
    await writeFile(join(folder, 'crash.js'), `${prelude} observeResult(reject(), observer, true);`);
    const crashed = run(process.execPath, [join(folder, 'crash.js')]);
    await expect(crashed).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('Error: refused') });
  });

  it('does not end the process if the method had handled it before returning it', async () => {
    await writeFile(
      join(folder, 'handled.js'),
      `${prelude} const job = reject(); job.catch(() => console.log('handled')); observeResult(job, observer);`,
    );
    await expect(run(process.execPath, [join(folder, 'handled.js')])).resolves.toMatchObject({ stdout: 'handled\n' });
  });
});
