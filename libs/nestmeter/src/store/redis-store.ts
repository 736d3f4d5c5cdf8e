import { readFileSync } from 'node:fs';
import { expiresAt, writeEndMs } from '../time-slot.js';
import { RedisConnection, type RedisClient, type RedisLocation, unreachable } from './redis-connection.js';
import { RedisKeys } from './redis-keys.js';
import {
  type Beat,
  beatLifeSeconds,
  type Born,
  liveIntervals,
  type Publication,
  type ReadReply,
  type ReadRequest,
  type Receipt,
  type SlotContents,
  type Store,
  type StoreStatus,
  type WriteResult,
} from './store.js';

/** What a {@link RedisStore} is made of. */
export interface RedisStoreOptions {
  readonly location: RedisLocation;
  /** Name of the application; replicas of one app share numbers. */
  readonly app: string;
  /** Milliseconds between publishes, for telling live replicas. */
  readonly intervalMs: number;
  /** Milliseconds after which the outcome of a call counts as unknown. Default 2000. */
  readonly timeoutMs?: number;
  /** Told once for each change between reachable and unreachable. */
  readonly onChange?: (state: StoreStatus['state'], reason: string | null) => void;
}

/** Bytes of slots in one answer, so that no script takes long. */
const readBytes = 1 << 20;
/** Slots asked for in one call. */
const readSlots = 200;

type ScriptReply = (Buffer | ScriptReply | number)[];
type Script = (keyCount: number, ...args: (string | number | Buffer)[]) => Promise<ScriptReply>;
interface Scripts {
  nmPublishBuffer: Script;
  nmReadBuffer: Script;
}

const script = (name: string): string => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');

/** The store of a fleet. One script per operation; keys as in {@link RedisKeys}. */
export class RedisStore implements Store {
  readonly embedded = false;
  readonly #keys: RedisKeys;
  readonly #connection: RedisConnection;
  readonly #liveMs: number;
  #facts: Readonly<Record<string, string | number | null>> = {};

  constructor(options: RedisStoreOptions) {
    this.#keys = new RedisKeys(options.app);
    this.#liveMs = liveIntervals * options.intervalMs;
    this.#connection = new RedisConnection({
      location: options.location,
      name: `nestmeter:${encodeURIComponent(options.app.toWellFormed())}:${process.pid}`,
      timeoutMs: options.timeoutMs ?? 2000,
      onChange: ({ state, lastError }) => {
        options.onChange?.(state, lastError);
        if (state === 'ready') void this.#learnFacts();
      },
    });
  }

  start(): void {
    this.#connection.open((client) => {
      client.defineCommand('nmPublish', { lua: script('publish') });
      client.defineCommand('nmRead', { lua: script('read') });
    });
  }

  async stop(): Promise<void> {
    await this.#connection.close();
  }

  async publish({ beat, writes, bornCandidate }: Publication): Promise<Receipt> {
    const { index, beats, live } = this.#keys;
    const { number, ...body } = beat;
    const liveMs = liveIntervals * beat.intervalMs;
    const args: (string | number | Buffer)[] = [beat.id, number, JSON.stringify(body), beat.left ? '1' : '0'];
    args.push(bornCandidate, liveMs, beatLifeSeconds * 1000);
    for (const { slot, field, version, encoded } of writes)
      args.push(field, version, writeEndMs(slot.start, slot.tier), expiresAt(slot.start, slot.tier), encoded ?? '');
    const keys = [index, beats, live, ...writes.map((write) => this.#keys.slot(write.slot))];
    const [us, previous, born, ids, outcomes] = await this.#run('nmPublishBuffer', keys, args);
    return {
      timeMs: Number(text(us)) / 1000,
      previousBeat: text(previous) === '' ? null : Number(text(previous)),
      born: readBorn(text(born))!,
      live: list(ids).map(text),
      results: writes.map((_, write) => readResult(list(outcomes), write)),
    };
  }

  async read({ slots, beats }: ReadRequest): Promise<ReadReply> {
    const { index, beats: beatsKey, live } = this.#keys;
    const answers: ReadReply['slots'][number][] = [];
    let reply: Omit<ReadReply, 'slots'> | null = null;
    do {
      const asked = slots.slice(answers.length, answers.length + readSlots);
      const keys = [index, beatsKey, live, ...asked.map(({ slot }) => this.#keys.slot(slot))];
      const known = asked.map(({ knownRevision }) => knownRevision ?? '');
      const wantsBeats = beats && reply === null ? '1' : '0';
      const raw = await this.#run('nmReadBuffer', keys, [wantsBeats, this.#liveMs, readBytes, ...known]);
      const [us, born, ids, bodies, contents] = raw;
      reply ??= {
        timeMs: Number(text(us)) / 1000,
        born: readBorn(text(born)),
        live: list(ids).map(text),
        beats: readBeats(list(bodies)),
      };
      for (const answer of list(contents)) answers.push(readSlot(answer));
    } while (answers.length < slots.length);
    return { ...reply, slots: answers };
  }

  status(): StoreStatus {
    const { state, sinceMs, lastError } = this.#connection.status;
    return { kind: 'redis', state, since: Math.floor(sinceMs / 1000), lastError, details: this.#facts };
  }

  async settle(timeoutMs: number): Promise<void> {
    if (!this.#facts['connected_replicas']) return;
    await this.#connection.client().wait(1, timeoutMs);
  }

  async clear(): Promise<void> {
    const client = this.#connection.client();
    const pattern = `${this.#keys.tag.replaceAll(/[\\*?[\]]/g, '\\$&')}:*`;
    for await (const keys of client.scanStream({ match: pattern, count: 500 })) {
      const found = keys as string[];
      if (found.length > 0) await client.unlink(...found);
    }
  }

  async #run(name: keyof Scripts, keys: readonly string[], args: readonly (string | number | Buffer)[]) {
    const client = this.#connection.client() as RedisClient & Scripts;
    try {
      return await client[name](keys.length, ...keys, ...args);
    } catch (error) {
      throw unreachable(error);
    }
  }

  async #learnFacts(): Promise<void> {
    try {
      const info = await this.#connection.client().info();
      const fact = (name: string): string | null => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
      this.#facts = {
        version: fact('redis_version'),
        mode: fact('redis_mode'),
        eviction_policy: fact('maxmemory_policy'),
        connected_replicas: Number(fact('connected_slaves') ?? 0),
      };
    } catch {
      // INFO may be forbidden to our user: then these facts stay unknown, nothing else depends on them.
      this.#facts = {};
    }
  }
}

const text = (reply: ScriptReply[number] | undefined): string => String(reply ?? '');
const list = (reply: ScriptReply[number] | undefined): ScriptReply => (Array.isArray(reply) ? reply : []);

const outcomes = { s: 'stored', h: 'have', m: 'missing', l: 'late' } as const;

function readResult(reply: ScriptReply, write: number): WriteResult {
  const found = text(reply[write * 2 + 1]);
  return {
    outcome: outcomes[text(reply[write * 2]) as keyof typeof outcomes],
    found: found === '' ? null : Number(found),
  };
}

function readBorn(born: string): Born | null {
  const bar = born.indexOf('|');
  return bar < 0 ? null : { id: born.slice(0, bar), since: Number(born.slice(bar + 1)) };
}

function readSlot(answer: ScriptReply[number]): SlotContents | 'unchanged' | null {
  if (!Array.isArray(answer)) return answer === 1 ? 'unchanged' : null;
  const fields = new Map<string, Buffer>();
  for (let at = 1; at < answer.length; at += 2) fields.set(text(answer[at]), answer[at + 1] as Buffer);
  return { revision: text(answer[0]), fields };
}

/** Beats as `<number>|<ms>|<json>`; one that does not read so, of a later release perhaps, is passed over. */
function readBeats(reply: ScriptReply): ReadReply['beats'] {
  const beats: { atMs: number; beat: Beat }[] = [];
  for (let at = 1; at < reply.length; at += 2) {
    const match = /^(\d+)\|(\d+)\|(\{.*\})$/s.exec(text(reply[at]));
    if (match === null) continue;
    try {
      const body = JSON.parse(match[3]!) as Omit<Beat, 'number'>;
      beats.push({ atMs: Number(match[2]), beat: { ...body, number: Number(match[1]) } });
    } catch {
      continue;
    }
  }
  return beats;
}
