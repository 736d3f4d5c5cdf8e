import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { encodeState } from '../accumulate/encoded-state.js';
import { FamilyState } from '../accumulate/family-state.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { ManualClock } from '../clock.js';
import { defaultTiers } from '../time-slot.js';
import { MemoryContents } from './memory-contents.js';
import { Persistence } from './persistence.js';

const now = 1_700_000_000_000;
const slot = { family: 'llm', tier: defaultTiers[0]!, start: now / 1000 };
const state = encodeState(new FamilyState(llmFamily), { version: 1, final: true, asOfMs: now }, { deflate: false });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestmeter-file-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A process with a file. */
function running({
  file = 'numbers',
  app = 'shop',
  maxBytes = 1 << 20,
  atMs = now,
}: { file?: string | null; app?: string; maxBytes?: number; atMs?: number } = {}) {
  const contents = new MemoryContents(maxBytes);
  const warnings: string[] = [];
  const persistence = new Persistence({
    contents,
    clock: new ManualClock(atMs),
    app,
    file: file === null ? null : join(folder, file),
    intervalSeconds: 3600,
    maxBytes,
    flush: async () => {},
    warn: (line) => warnings.push(line),
  });
  const count = (field = 'r:one.0') => contents.set(contents.at(slot), field, state);
  const fields = () => [...contents.slots.values()].flatMap((stored) => [...stored.fields.keys()]);
  const opened = async () => {
    persistence.start();
    await persistence.loaded();
  };
  return { contents, persistence, warnings, count, fields, opened };
}

describe('A file of numbers', () => {
  it('keeps what a process counted for the next one, readable by its owner only', async () => {
    for (const file of ['numbers', 'numbers.json']) {
      const first = running({ file });
      await first.opened();
      first.count();
      await first.persistence.stop();
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
      const second = running({ file });
      await second.opened();
      expect([second.fields(), second.contents.gaps, second.warnings]).toEqual([['r:one.0'], [], []]);
      expect(second.persistence.details).toMatchObject({ file_saved: now / 1000, file_failures: 0, file_error: null });
      await second.persistence.stop();
    }
    expect((await readdir(folder)).toSorted()).toEqual(['numbers', 'numbers.json']);
  });

  it('says in the next process what may be missing after one that did not end as it should', async () => {
    const first = running();
    await first.opened();
    first.count();
    await first.persistence.save(join(folder, 'copy'));
    await first.persistence.stop();
    // As a kill leaves it: saved while the process went on.
    await rename(join(folder, 'copy'), join(folder, 'numbers'));
    const second = running({ atMs: now + 90_000 });
    await second.opened();
    const lost = { from: now / 1000, to: now / 1000 + 90, slotSeconds: null, reason: 'store_went_back' };
    expect([second.fields(), second.contents.gaps]).toEqual([['r:one.0'], [lost]]);
    await second.persistence.stop();
    const third = running({ atMs: now + 95_000 });
    await third.opened();
    expect(third.contents.gaps).toEqual([lost]);
    await third.persistence.stop();
  });

  it('is one whose process goes on from the first moment, so that a kill before the first save is seen', async () => {
    for (const [atMs, ends] of [
      [now, true],
      [now + 5000, false],
    ] as const) {
      const one = running({ atMs });
      await one.opened();
      if (ends) await one.persistence.stop();
      else {
        await copyFile(join(folder, 'numbers'), join(folder, 'killed'));
        await one.persistence.stop();
        await rename(join(folder, 'killed'), join(folder, 'numbers'));
      }
    }
    const next = running({ atMs: now + 9000 });
    await next.opened();
    expect(next.contents.gaps).toMatchObject([{ from: now / 1000 + 5, to: now / 1000 + 9 }]);
    await next.persistence.stop();
  });

  it('is not touched without the option, which leaves saving and loading by hand', async () => {
    const first = running({ file: null });
    await first.opened();
    first.count();
    await first.persistence.save(join(folder, 'by-hand.json'));
    await first.persistence.stop();
    expect([await readdir(folder), first.persistence.details]).toEqual([['by-hand.json'], {}]);
    expect(await readFile(join(folder, 'by-hand.json'), 'utf8')).toMatch(/^\{"format":"nestmeter-store","version":1,/);
    const second = running({ file: null });
    await second.persistence.load(join(folder, 'by-hand.json'));
    await second.persistence.load(join(folder, 'by-hand.json'));
    expect(second.fields()).toEqual(['r:one.0']);
  });

  it.each([
    ['damaged', Buffer.from('nestmeter-store 1\nrubbish'), /damaged at byte 18/],
    ['of something else', Buffer.from('%PDF-1.7'), /not a file of Nestmeter/],
    ['of a later release', Buffer.from('nestmeter-store 9\n'), /another release/],
    ['too large', Buffer.alloc(20 << 20), /larger than/],
  ])('that is %s is set aside with one warning, and begun anew', async (_, bytes, expected) => {
    await writeFile(join(folder, 'numbers'), bytes);
    const { persistence, warnings, opened, count } = running();
    await opened();
    count();
    await persistence.stop();
    expect(warnings).toEqual([expect.stringMatching(expected)]);
    const aside = (await readdir(folder)).find((name) => name.startsWith('numbers.damaged-'))!;
    expect(bytes.equals(await readFile(join(folder, aside)))).toBe(true);
    expect(persistence.details).toMatchObject({ file_failures: 1, file_set_aside: join(folder, aside) });
    const next = running();
    await next.opened();
    expect([next.fields(), next.warnings]).toEqual([['r:one.0'], []]);
    await next.persistence.stop();
  });

  it('of another app is set aside too, and can be loaded by hand', async () => {
    const other = running({ app: 'bank' });
    await other.opened();
    other.count();
    await other.persistence.stop();
    const { persistence, warnings, opened, fields } = running();
    await opened();
    expect([warnings, fields()]).toEqual([[expect.stringMatching(/of the app "bank"/)], []]);
    await persistence.load(String(persistence.details['file_set_aside']));
    expect(fields()).toEqual(['r:one.0']);
    await persistence.stop();
  });

  it('that cannot be written is told once, counted, and tried again', async () => {
    const { persistence, warnings, opened, count } = running({ file: 'no-folder/numbers' });
    await opened();
    count();
    await persistence.stop();
    expect(warnings).toEqual([expect.stringMatching(/cannot be kept \(ENOENT/)]);
    expect(persistence.details).toMatchObject({ file_saved: null, file_failures: 2, file_error: expect.stringMatching(/ENOENT/) }); // prettier-ignore
  });

  it('is not replaced by one that the disk did not take wholly, and nothing is left behind', async () => {
    const first = running();
    await first.opened();
    first.count();
    await first.persistence.stop();
    const second = running({ maxBytes: 1 });
    await second.opened();
    // More than may be written: open slots stay whatever they take.
    const large = Buffer.concat([state, Buffer.alloc(20 << 20)]);
    second.contents.set(second.contents.at({ ...slot, start: slot.start + 10 }), 'r:two.0', large);
    await second.persistence.stop();
    expect(second.warnings).toEqual([expect.stringMatching(/would be larger/)]);
    expect(await readdir(folder)).toEqual(['numbers']);
    const third = running();
    await third.opened();
    expect([third.fields(), third.warnings]).toEqual([['r:one.0'], []]);
    await third.persistence.stop();
  });

  it('is left alone when it is a folder', async () => {
    await mkdir(join(folder, 'numbers'));
    const { persistence, warnings, opened } = running();
    await opened();
    await persistence.stop();
    expect(warnings).toEqual([expect.stringMatching(/it is not a file/)]);
    expect(await readdir(folder)).toEqual(['numbers']);
  });

  it('does not hold up the end of a process on a disk that does not answer', async () => {
    const { persistence, warnings, opened, contents } = running();
    await opened();
    // What a disk that hangs does to the queue.
    const hanging = new Persistence({
      contents,
      clock: new ManualClock(now),
      app: 'shop',
      file: join(folder, 'hanging'),
      intervalSeconds: 3600,
      maxBytes: 1 << 20,
      flush: () => new Promise(() => {}),
      warn: (line) => warnings.push(line),
    });
    hanging.start();
    await hanging.stop(50);
    expect(warnings).toEqual([expect.stringMatching(/not written by the deadline of 50 ms/)]);
    await persistence.stop();
  });

  it('rejects by hand with what is wrong with it', async () => {
    const { persistence } = running({ file: null });
    await writeFile(join(folder, 'foreign'), '%PDF-1.7');
    const unusable = (words: RegExp) => ({ code: 'NM_FILE_UNUSABLE', message: expect.stringMatching(words) as string });
    await expect(persistence.load(join(folder, 'foreign'))).rejects.toMatchObject(unusable(/not a file of Nestmeter/));
    await expect(persistence.load(join(folder, 'none'))).rejects.toMatchObject(unusable(/ENOENT/));
    await expect(persistence.save(join(folder, 'no-folder/x'))).rejects.toMatchObject(unusable(/ENOENT/));
    expect((await readdir(folder)).toSorted()).toEqual(['foreign']);
  });
});

describe('A file that another process uses', () => {
  it('is neither read nor written until it is free, which is told once', async () => {
    const first = running();
    await first.opened();
    first.count('r:first.0');
    const second = running();
    await second.opened();
    second.count('r:second.0');
    expect(second.warnings).toEqual([expect.stringMatching(/in use by another monitor of this process/)]);
    await first.persistence.stop();
    await second.persistence.stop();
    expect(second.warnings).toHaveLength(1);
    const third = running();
    await third.opened();
    expect(third.fields().toSorted()).toEqual(['r:first.0', 'r:second.0']);
    await third.persistence.stop();
  });

  const lockOf = (holder: object) => JSON.stringify({ token: 'x', host: hostname(), pid: process.pid, thread: threadId, beatMs: Date.now(), ...holder }); // prettier-ignore

  it.each([
    ['is alive on another host', { host: 'elsewhere' }],
    ['is alive on this host', { pid: process.ppid }],
    ['is another thread', { thread: threadId + 99 }],
  ])('is left to a holder that %s', async (_, holder) => {
    await writeFile(join(folder, 'numbers.lock'), lockOf(holder));
    const { warnings, opened, persistence } = running();
    await opened();
    await persistence.stop();
    expect(warnings).toEqual([expect.stringMatching(/in use by process/)]);
    expect(await readdir(folder)).toEqual(['numbers.lock']);
  });

  it.each([
    ['was a process before us with our pid', lockOf({})],
    ['is gone', lockOf({ pid: 2 ** 22 + 1 })],
    ['is silent on another host', lockOf({ host: 'elsewhere', beatMs: Date.now() - 60_000 })],
    ['cannot be read', '{'],
  ])('is taken over from a holder that %s', async (_, lock) => {
    await writeFile(join(folder, 'numbers.lock'), lock);
    const { warnings, opened, persistence, count } = running();
    await opened();
    count();
    await persistence.stop();
    expect([warnings, await readdir(folder)]).toEqual([[], ['numbers']]);
  });
});
