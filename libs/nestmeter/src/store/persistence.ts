import { randomBytes } from 'node:crypto';
import { rename, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Pace } from '../accumulate/pace.js';
import type { Clock } from '../clock.js';
import { NestmeterError } from '../errors.js';
import { beatMs, FileLock } from './file-lock.js';
import { headOf, slotsOf, takeHead, takeSlot } from './kept-contents.js';
import type { MemoryContents } from './memory-contents.js';
import { type FileContents, readFile, UnreadableFile, writtenFile } from './memory-file.js';
import { readBytes, replaceFile } from './replaced-file.js';
import type { StoreStatus } from './store.js';

/** What a {@link Persistence} is made of. */
export interface PersistenceOptions {
  readonly contents: MemoryContents;
  readonly clock: Clock;
  /** A file of another app is not taken in by itself. */
  readonly app: string;
  /** Null to save and load by hand only. */
  readonly file: string | null;
  readonly intervalSeconds: number;
  /** Bytes that the store keeps; a file may have three times as many. */
  readonly maxBytes: number;
  /** Brings everything counted so far into the store. */
  readonly flush: () => Promise<void>;
  /** Told once for each change between working and failing. */
  readonly warn: (message: string) => void;
}

/**
 * The file in which a memory store keeps its numbers over restarts: read at the start, written on an interval and at the
 * end. Nothing that happens to the file reaches the application; it is told once, counted in /health and tried again.
 */
export class Persistence {
  readonly #lock: FileLock | null;
  readonly #path: string;
  #queue: Promise<void> = Promise.resolve();
  #loading: Promise<void> = Promise.resolve();
  #timers: NodeJS.Timeout[] = [];
  #isLoaded = false;
  #isWaiting = false;
  #savedMs: number | null = null;
  #bytes: number | null = null;
  #failures = 0;
  #lastError: string | null = null;
  #setAside: string | null = null;

  constructor(private readonly options: PersistenceOptions) {
    this.#path = resolve(options.file ?? '');
    this.#lock = options.file === null ? null : new FileLock(`${this.#path}.lock`);
  }

  /** How it goes, for /health; empty without a file. */
  get details(): StoreStatus['details'] {
    if (this.#lock === null) return {};
    return {
      file_saved: this.#savedMs && Math.floor(this.#savedMs / 1000),
      file_bytes: this.#bytes,
      file_failures: this.#failures,
      file_error: this.#lastError,
      file_set_aside: this.#setAside,
    };
  }

  /** Begins to load the file, and to save it on the interval. */
  start(): void {
    if (this.#lock === null) return;
    // Saved at once too: from now on the file is one whose process goes on.
    const first = this.#inTurn(() => this.#keep(false));
    this.#loading = Promise.race([first, setTimeout(longestLoadMs, undefined, { ref: false })]);
    const save = globalThis.setInterval(() => this.#tick(), this.options.intervalSeconds * 1000);
    const beat = globalThis.setInterval(() => this.#beat(), beatMs);
    this.#timers = [save, beat];
    for (const timer of this.#timers) timer.unref();
    // A script that ends without `stop()`.
    process.once('beforeExit', this.#onExit);
  }

  /** Waits for the first attempt to load, at most ten seconds. Never rejects. */
  loaded(): Promise<void> {
    return this.#loading;
  }

  /** Saves soon, as on the interval: what was just promised to last must not wait for it. */
  saveSoon(): void {
    if (this.#timers.length > 0) this.#tick();
  }

  /** Saves for the last time and gives the file free. Never rejects. @param deadlineMs what a slow disk may take */
  async stop(deadlineMs = longestLoadMs): Promise<void> {
    if (this.#lock === null) return;
    for (const timer of this.#timers) clearInterval(timer);
    process.removeListener('beforeExit', this.#onExit);
    const lock = this.#lock;
    const over = new AbortController();
    const late = setTimeout(deadlineMs, true, { signal: over.signal }).catch(() => false);
    const last = this.#inTurn(async () => {
      await this.#keep(true);
      await lock.release();
    });
    if (await Promise.race([last, late]))
      this.options.warn(`${this.#path} was not written by the deadline of ${deadlineMs} ms: what it lacks is lost.`);
    over.abort();
  }

  /** Writes everything counted before the call; as JSON to a name that ends in `.json`. Rejects with NM_FILE_UNUSABLE. */
  async save(file: string): Promise<void> {
    const path = resolve(file);
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    await this.#byHand(file, 'written', () => this.#write(path, temporary, false));
  }

  /** Adds what a file has to what is here, wholly or not at all; safe to repeat. Rejects with NM_FILE_UNUSABLE. */
  async load(file: string): Promise<void> {
    await this.#byHand(file, 'read', async () => this.#take(await this.#read(resolve(file))));
  }

  readonly #onExit = (): void => this.#tick();

  #tick(): void {
    // One that waits does for all.
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    void this.#inTurn(async () => {
      this.#isWaiting = false;
      await this.#keep(false);
    });
  }

  #beat(): void {
    if (this.#lock!.isHeld)
      void this.#inTurn(async () => {
        await this.#lock!.take().catch((error: unknown) => this.#failed(error));
      });
  }

  /** One attempt: the lock, loading unless it was done, saving. Never rejects. @param complete see {@link KeptHead} */
  async #keep(complete: boolean): Promise<void> {
    try {
      const holder = await this.#lock!.take();
      if (holder !== null) return this.#failed(new Error(`it is in use by ${holder}`));
      if (!this.#isLoaded) await this.#loadOwn();
      // Before it is loaded, saving would overwrite what it has.
      await this.#write(this.#path, `${this.#path}.tmp`, complete);
      this.#lastError = null;
    } catch (error) {
      this.#failed(error);
    }
  }

  async #loadOwn(): Promise<void> {
    try {
      const found = await this.#read(this.#path);
      if (found.head.app !== this.options.app) throw new UnreadableFile(`of the app "${found.head.app}"`);
      await this.#take(found);
    } catch (error) {
      if (error instanceof UnreadableFile) await this.#moveAside(error.reason);
      else if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    this.#isLoaded = true;
  }

  async #moveAside(reason: string): Promise<void> {
    const aside = `${this.#path}.damaged-${new Date().toISOString().replaceAll(':', '-')}`;
    await rename(this.#path, aside);
    this.#setAside = aside;
    this.#failures++;
    this.options.warn(`${this.#path} cannot be read (${reason}). It is kept as ${aside}; numbers begin anew.`);
  }

  async #read(path: string): Promise<FileContents> {
    // Before it is opened: a pipe would never be.
    const found = await stat(path);
    // Never set aside: a folder or a device has a purpose of its own.
    if (!found.isFile()) throw new Error('it is not a file');
    if (found.size > this.#mostBytes) throw new UnreadableFile(`larger than ${this.#mostBytes} bytes`);
    return readFile(await readBytes(path, found.size), new Pace(this.options.clock));
  }

  async #take({ head, slots }: FileContents): Promise<void> {
    const { contents, clock, maxBytes, warn } = this.options;
    const pace = new Pace(clock);
    takeHead(contents, head, clock.wallMs());
    let differing = 0;
    for (const kept of slots) {
      if (!takeSlot(contents, kept, clock.wallMs())) differing++;
      if (contents.bytes > maxBytes) contents.expire(clock.wallMs());
      if (pace.isDue) await pace.giveWay();
    }
    if (differing > 0)
      warn(`${differing} slots were not loaded: they were folded here and there, and cannot be told apart any more.`);
  }

  async #write(path: string, temporary: string, complete: boolean): Promise<void> {
    const { contents, clock, app, flush } = this.options;
    await flush();
    const savedMs = clock.wallMs();
    contents.expire(savedMs);
    const head = headOf(contents, { app, savedMs, complete });
    const pieces = writtenFile(head, slotsOf(contents), path.endsWith('.json'));
    const bytes = await replaceFile({ path, temporary, pieces, mostBytes: this.#mostBytes });
    if (path === this.#path) [this.#savedMs, this.#bytes] = [savedMs, bytes];
  }

  get #mostBytes(): number {
    return 3 * this.options.maxBytes + (16 << 20);
  }

  async #byHand(file: string, verb: string, step: () => Promise<void>): Promise<void> {
    let failure: unknown = null;
    await this.#inTurn(() => step().catch((error: unknown) => (failure = error)));
    if (failure === null) return;
    const message = `${file} must be a file of numbers that can be ${verb}, got: ${wordsOf(failure)}. Give another one.`;
    throw new NestmeterError({ code: 'NM_FILE_UNUSABLE', message, cause: failure });
  }

  /** Runs a step after those before it. @param step never rejects */
  #inTurn(step: () => Promise<unknown>): Promise<void> {
    return (this.#queue = this.#queue.then(step).then(() => {}));
  }

  #failed(error: unknown): void {
    this.#failures++;
    const isNew = this.#lastError === null;
    this.#lastError = wordsOf(error);
    const { intervalSeconds, warn } = this.options;
    if (isNew)
      warn(`${this.#path} cannot be kept (${this.#lastError}). Numbers stay in memory; it is tried every ${intervalSeconds} s.`); // prettier-ignore
  }
}

/** For so long answers wait for a disk that does not answer. */
const longestLoadMs = 10_000;

/** What saves and loads, or an error that says why nothing does. @param persistence null with Redis */
export function neededPersistence(persistence: Persistence | null): Persistence {
  if (persistence !== null) return persistence;
  const message = 'redis must be left out to save or load a file, got a store on Redis. It keeps its numbers itself.';
  throw new NestmeterError({ code: 'NM_FILE_UNUSABLE', message });
}

function wordsOf(error: unknown): string {
  const { message } = error as Partial<Error>;
  return (typeof message === 'string' ? message : String(error)).slice(0, 300);
}
