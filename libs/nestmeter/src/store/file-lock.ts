import { randomBytes } from 'node:crypto';
import { open, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';

/** Who holds a lock. */
interface Holder {
  readonly token: string;
  readonly host: string;
  readonly pid: number;
  readonly thread: number;
  /** Unix milliseconds of the holder's host. */
  readonly beatMs: number;
}

/** Between two signs of life, and the silence after which a holder on another host counts as gone. */
export const beatMs = 5000;
const staleMs = 4 * beatMs;
/** Between taking over a lock and looking whether somebody else did at the same time. */
const takeoverMs = 100;

/** Locks of this thread, by path: a pid alone does not tell two monitors of one process apart. */
const held = new Set<string>();

/**
 * A file that says that a process uses the file beside it. Nothing enforces it; it keeps two processes that were given
 * the same file by mistake from overwriting each other. A holder that was killed is found out by its pid, on another host
 * by its silence.
 */
export class FileLock {
  readonly #token = randomBytes(9).toString('base64url');
  #isHeld = false;

  constructor(private readonly path: string) {}

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /**
   * Takes the lock, or gives a sign of life when it is held. Rejects with what the disk says.
   *
   * @returns null, or who has it
   */
  async take(): Promise<string | null> {
    if (this.#isHeld) return this.#renew();
    if (held.has(this.path)) return 'another monitor of this process';
    if (await this.#create()) return this.#own();
    const holder = await this.#holder();
    if (holder !== null && isAlive(holder)) return `process ${holder.pid} on ${holder.host}`;
    await this.#replace();
    await setTimeout(takeoverMs);
    if ((await this.#holder())?.token !== this.#token) return 'another process';
    return this.#own();
  }

  /** Gives the lock back. Never rejects. */
  async release(): Promise<void> {
    if (!this.#isHeld) return;
    this.#lose();
    try {
      if ((await this.#holder())?.token === this.#token) await unlink(this.path);
    } catch {
      // It is stale as soon as this process ends.
    }
  }

  async #renew(): Promise<string | null> {
    const holder = await this.#holder();
    if (holder !== null && holder.token !== this.#token) {
      this.#lose();
      return `process ${holder.pid} on ${holder.host}`;
    }
    await this.#replace();
    return null;
  }

  #own(): null {
    this.#isHeld = true;
    held.add(this.path);
    return null;
  }

  #lose(): void {
    this.#isHeld = false;
    held.delete(this.path);
  }

  /** @returns false when there is one already */
  async #create(): Promise<boolean> {
    try {
      const file = await open(this.path, 'wx', 0o600);
      try {
        await file.writeFile(this.#text());
      } finally {
        await file.close();
      }
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  async #replace(): Promise<void> {
    const own = `${this.path}.${this.#token}`;
    await writeFile(own, this.#text(), { mode: 0o600 });
    await rename(own, this.path);
  }

  /** Who the lock names; null when there is none or it names nobody. */
  async #holder(): Promise<Holder | null> {
    try {
      const holder = JSON.parse(await readFile(this.path, 'utf8')) as Holder;
      return typeof holder.token === 'string' && Number.isFinite(holder.beatMs) ? holder : null;
    } catch {
      return null;
    }
  }

  #text(): string {
    const holder: Holder = { token: this.#token, host: hostname(), pid: process.pid, thread: threadId, beatMs: Date.now() }; // prettier-ignore
    return JSON.stringify(holder);
  }
}

function isAlive({ host, pid, thread, beatMs: lastMs }: Holder): boolean {
  if (Math.abs(Date.now() - lastMs) > staleMs) return false;
  if (host !== hostname()) return true;
  // Our own: of a process before us, which had the same pid, as in a container.
  if (pid === process.pid) return thread !== threadId;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
