import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import { NestmeterError } from '../errors.js';
import type { Receipt } from '../store/store.js';
import { type ControlDocument, type DocumentHead, isHigher, isSame, nextHead, type Upkeep } from '../store/upkeep.js';
import { changed, type ConfigChange, decodePosted, encodePosted, hasMore, merged, nothingPosted, type PostedState } from './posted.js'; // prettier-ignore
import type { Values } from './read-patch.js';

/** What a {@link SharedConfig} is made of. */
export interface SharedConfigOptions {
  readonly upkeep: Pick<Upkeep, 'offer' | 'documents'>;
  readonly clock: Clock;
  /** Unix milliseconds of the store. */
  readonly storeNowMs: () => number;
  /** Called whenever another state is known, whoever made it. */
  readonly onChange: () => void;
  /** Told what an operator should know, once for each kind. */
  readonly warn: (message: string) => void;
}

/** A change as it is made on top of a state; without values there is nothing to change. */
export interface Draft extends Pick<ConfigChange, 'before' | 'after'> {
  readonly values: Values;
}

/** Who changes, and on top of what. */
export interface ChangeRequest {
  readonly by: string;
  /** Versions of which the configuration must be; null for any. */
  readonly ifVersions: readonly number[] | null;
}

interface Known extends DocumentHead {
  readonly state: PostedState;
}

const documentName = 'config';
/** Attempts while others change at the same time. */
const attempts = 20;
/** A replica that publishes seldom asks by itself, so that a change is everywhere within 2 s. */
const askEveryMs = 500;
const heardLatelyMs = 1200;

/**
 * The configuration as replicas share it: one control document (rule 14). A change is written only on top of the state
 * that it was made from, so that of two at the same time one is made again on top of the other. Who knows something that
 * the store lacks, after a fail-over or a wipe, writes both together.
 */
export class SharedConfig {
  #known: Known = { version: 0, id: '', state: nothingPosted };
  #turns: Promise<unknown> = Promise.resolve();
  #looking: Promise<void> | null = null;
  #heardMs = -Infinity;
  #timer: NodeJS.Timeout | null = null;
  readonly #warned = new Set<string>();

  constructor(private readonly options: SharedConfigOptions) {}

  /** Rises with each change; 0 before the first. */
  get version(): number {
    return this.#known.version;
  }

  /** What was posted, as far as this replica knows. */
  get state(): PostedState {
    return this.#known.state;
  }

  /** Looks at the store now, and from now on when publishing does not tell what it has. */
  start(): void {
    void this.refresh();
    this.#timer = globalThis.setInterval(() => {
      if (this.options.clock.monotonicMs() - this.#heardMs > heardLatelyMs) void this.refresh();
    }, askEveryMs);
    this.#timer.unref();
  }

  /** Ends looking. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Takes in what the store has of documents, as each publish is told. */
  learn(documents: Receipt['documents']): void {
    this.#heardMs = this.options.clock.monotonicMs();
    const head = documents.get(documentName) ?? null;
    if (head === null ? this.version > 0 : !isSame(head, this.#known)) void this.refresh();
  }

  /** Fetches what is newer, writes back what the store lacks. Never rejects: an unreachable store is asked again. */
  refresh(): Promise<void> {
    this.#looking ??= this.#inTurn(() => this.#meet())
      .catch((error: unknown) => this.#failed(error))
      .finally(() => (this.#looking = null));
    return this.#looking;
  }

  /**
   * Changes the configuration for all replicas.
   *
   * @param draft makes the change on top of a state; called again when somebody else was first; may throw
   * @returns once the store has it. Rejects with NM_CONFIG_CONFLICT when it is not of a version asked for, with
   *   NM_STORE_UNREACHABLE when the store does not answer: then whether it took the change may be unknown
   */
  change(draft: (state: PostedState) => Draft, { by, ifVersions }: ChangeRequest): Promise<void> {
    return this.#inTurn(async () => {
      for (let attempt = 0; attempt < attempts; attempt++) {
        await this.#meet();
        const base = this.#known;
        if (ifVersions !== null && !ifVersions.includes(base.version)) throw conflict(ifVersions, base.version);
        const { values, before, after } = draft(base.state);
        if (values.length === 0) return;
        const head = nextHead(base.version);
        const change = { ...head, timestamp: Math.floor(this.options.storeNowMs() / 1000), by, before, after };
        if (await this.#offer({ ...head, state: changed(base.state, values, change) }, base)) return;
        await setTimeout(Math.random() * 5 * (attempt + 1));
      }
      throw conflict(ifVersions, this.version);
    });
  }

  /** Brings this replica and the store to the same state. */
  async #meet(): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const [document] = await this.options.upkeep.documents([documentName]);
      const known = this.#known;
      const stored = this.#read(document ?? null);
      if (isSame(stored, known)) return;
      const base = document == null ? null : stored;
      const isNewer = isHigher(stored, known);
      if (isNewer && !hasMore(known.state, stored.state)) return this.#adopt(stored);
      const isAhead = !isNewer && !hasMore(stored.state, known.state);
      const next = isAhead
        ? known
        : { ...nextHead(Math.max(known.version, stored.version)), state: merged(known.state, stored.state) };
      if (await this.#offer(next, base)) return;
    }
  }

  #read(document: ControlDocument | null): Known {
    if (document === null) return { version: 0, id: '', state: nothingPosted };
    const { version, id, body } = document;
    if (isSame(document, this.#known)) return this.#known;
    const state = decodePosted(body);
    if (state === null) this.#warn('The configuration in the store cannot be read: the next change replaces it.');
    return { version, id, state: state ?? nothingPosted };
  }

  /** @returns whether the store has it; not when something else than the base was there */
  async #offer(next: Known, base: DocumentHead | null): Promise<boolean> {
    const { version, id, state } = next;
    const document = { name: documentName, version, id, body: encodePosted(state) };
    const outcome = await this.options.upkeep.offer(document, null, base?.version === 0 ? null : base);
    if (outcome === 'changed') return false;
    this.#adopt(next);
    return true;
  }

  #adopt(next: Known): void {
    const isOther = !isSame(next, this.#known);
    this.#known = next;
    if (isOther) this.options.onChange();
  }

  #inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
    const turn = this.#turns.then(step);
    this.#turns = turn.catch(() => {});
    return turn;
  }

  #failed(error: unknown): void {
    if (error instanceof NestmeterError && error.code === 'NM_STORE_UNREACHABLE') return;
    this.#warn(`The configuration cannot be shared (${String(error)}). It is tried again.`);
  }

  #warn(message: string): void {
    if (this.#warned.size >= 10 || this.#warned.has(message)) return;
    this.#warned.add(message);
    this.options.warn(message);
  }
}

function conflict(ifVersions: readonly number[] | null, version: number): NestmeterError {
  const wanted = ifVersions === null ? 'left alone while it is changed' : `of version ${ifVersions.join(' or ') || '(none given)'}`; // prettier-ignore
  const message = `The configuration must be ${wanted}, got version ${version}. Read it again, then change it.`;
  return new NestmeterError({ code: 'NM_CONFIG_CONFLICT', message });
}
