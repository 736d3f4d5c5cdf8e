import { expiresAt, settleSeconds, writeEndMs } from '../time-slot.js';
import { behindTiers, decodeGaps } from './gap.js';
import type { RedisLocation } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';
import { RedisFacts } from './redis-facts.js';
import { RedisKeys } from './redis-keys.js';
import {
  readBeats,
  readBorn,
  readControl,
  readResult,
  readSlot,
  readStoredUpTo,
  writeStoredUpTo,
} from './redis-replies.js';
import { list, numberOrNull, pairs, RedisScripts, type ScriptArgument, text, threes } from './redis-scripts.js';
import { RedisUpkeep } from './redis-upkeep.js';
import {
  definitionField,
  liveIntervals,
  type Publication,
  type ReadReply,
  type ReadRequest,
  type Receipt,
  type Store,
  type StoreStatus,
  toldSilentSeconds,
} from './store.js';

/** What a {@link RedisStore} is made of. */
export interface RedisStoreOptions {
  readonly location: RedisLocation;
  /** Name of the application; replicas of one app share numbers. */
  readonly app: string;
  /** Milliseconds between publishes, for telling live replicas; asked for anew each time. */
  readonly intervalMs: number;
  /** Milliseconds after which the outcome of a call counts as unknown. Default 2000. */
  readonly timeoutMs?: number;
  /** Told once for each change between reachable and unreachable. */
  readonly onChange?: (state: StoreStatus['state'], reason: string | null) => void;
  /** Told once of each thing about Redis that an operator should change. */
  readonly warn?: (message: string) => void;
}

/** Bytes of slots in one answer, so that no script takes long. */
const readBytes = 1 << 19;
/** Slots asked for in one call. */
const readSlots = 200;

/** The store of a fleet. One script per operation; keys as in {@link RedisKeys}. */
export class RedisStore implements Store {
  readonly embedded = false;
  readonly upkeep: RedisUpkeep;
  readonly #keys: RedisKeys;
  readonly #connection: RedisConnection;
  readonly #scripts: RedisScripts;
  readonly #facts: RedisFacts;

  constructor(private readonly options: RedisStoreOptions) {
    this.#keys = new RedisKeys(options.app);
    this.#connection = new RedisConnection({
      location: options.location,
      name: `nestmeter:${encodeURIComponent(options.app.toWellFormed())}:${process.pid}`,
      timeoutMs: options.timeoutMs ?? 2000,
      onChange: ({ state, lastError }) => {
        options.onChange?.(state, lastError);
        if (state === 'ready') this.#facts.refresh({ again: true });
      },
    });
    this.#scripts = new RedisScripts(this.#connection);
    this.#facts = new RedisFacts({
      ask: async () => text(await this.#scripts.run('facts', [this.#keys.index], ['default'])),
      mode: () => this.#connection.mode,
      warn: options.warn ?? (() => {}),
    });
    this.upkeep = new RedisUpkeep(this.#keys, this.#scripts);
  }

  start(): void {
    this.#connection.open((client) => RedisScripts.define(client));
  }

  async stop(): Promise<void> {
    await this.#connection.close();
  }

  async publish(publication: Publication): Promise<Receipt> {
    const { beat, writes, bornCandidate, call, acknowledgedBeat, countedForMs, storedUpTo, missed, definitions } =
      publication;
    const { index, beats, live, control, finals, stored, families } = this.#keys;
    const { number, ...body } = beat;
    const liveMs = liveIntervals * beat.intervalMs;
    const args: ScriptArgument[] = [beat.id, number, JSON.stringify(body), beat.left ? '1' : '0'];
    args.push(bornCandidate, liveMs, toldSilentSeconds * 1000, call ?? '', acknowledgedBeat ?? 0);
    args.push(Math.ceil(countedForMs ?? 0), writeStoredUpTo(storedUpTo ?? new Map()), writes.length);
    args.push(definitions?.length ?? 0);
    for (const { slot, field, version, encoded } of writes)
      args.push(field, version, writeEndMs(slot.start, slot.tier), expiresAt(slot.start, slot.tier), encoded ?? '');
    for (const definition of definitions ?? []) args.push(definitionField(definition), definition.text);
    for (const { id, atMs, lacksSinceMs } of missed ?? []) args.push(id, Math.floor(atMs), Math.floor(lacksSinceMs));
    const slots = writes.map((write) => this.#keys.slot(write.slot));
    const keys = [index, beats, live, control, finals, stored, families, ...slots];
    const sentMs = Date.now();
    const reply = list(await this.#scripts.run('publish', keys, args));
    this.#facts.sawTime(Number(text(reply[0])) / 1000, sentMs, Date.now());
    this.#facts.refresh();
    const [us, previous, previousMs, born, ids, departedMs, controls, outcomes, repeated, silent, fallenMs] = reply;
    return {
      timeMs: Number(text(us)) / 1000,
      previousBeat: numberOrNull(previous),
      previousBeatMs: numberOrNull(previousMs),
      born: readBorn(text(born))!,
      live: list(ids).map(text),
      departedMs: numberOrNull(departedMs),
      fallenMs: numberOrNull(fallenMs),
      isRepeated: text(repeated) === '1',
      silent: pairs(silent).map(([id, atMs]) => ({ id: text(id), atMs: Number(text(atMs)) })),
      results: writes.map((_, write) => readResult(list(outcomes), write)),
      ...readControl(list(controls)),
    };
  }

  async read({ slots, beats }: ReadRequest): Promise<ReadReply> {
    const { index, beats: beatsKey, live, stored } = this.#keys;
    const answers: ReadReply['slots'][number][] = [];
    let reply: Omit<ReadReply, 'slots'> | null = null;
    const liveMs = liveIntervals * this.options.intervalMs;
    do {
      const asked = slots.slice(answers.length, answers.length + readSlots);
      const keys = [index, beatsKey, live, stored, ...asked.map(({ slot }) => this.#keys.slot(slot))];
      const known = asked.map(({ knownRevision }) => knownRevision ?? '');
      const wantedBeats = reply !== null || beats === false ? '' : beats === true ? 'all' : 'live';
      const raw = await this.#scripts.run('read', keys, [
        wantedBeats,
        liveMs,
        readBytes,
        settleSeconds * 1000,
        ...known,
      ]);
      const [us, born, ids, bodies, contents, silent, gaps, behind] = list(raw);
      reply ??= {
        timeMs: Number(text(us)) / 1000,
        born: readBorn(text(born)),
        live: list(ids).map(text),
        beats: readBeats(list(bodies)),
        silent: threes(silent).map(([id, atMs, to]) => ({ id: text(id), atMs: Number(text(atMs)), storedUpTo: readStoredUpTo(text(to)) })), // prettier-ignore
        behind: pairs(behind).map(([id, to]) => ({ id: text(id), storedUpTo: behindTiers(readStoredUpTo(text(to)), Number(text(us)) / 1000, liveMs) })), // prettier-ignore
        gaps: decodeGaps(text(gaps)),
      };
      for (const answer of list(contents)) {
        const { slot } = slots[answers.length]!;
        const isExpired = reply.timeMs >= expiresAt(slot.start, slot.tier) * 1000;
        const found = readSlot(answer);
        answers.push(found === 'lost' && isExpired ? null : found);
      }
    } while (answers.length < slots.length);
    return { ...reply, slots: answers };
  }

  status(): StoreStatus {
    const { state, sinceMs, lastError } = this.#connection.status;
    return { kind: 'redis', state, since: Math.floor(sinceMs / 1000), lastError, details: this.#facts.details };
  }

  async settle(timeoutMs: number): Promise<void> {
    // Asked for where it is not known: it costs the time at worst.
    if (this.#facts.hasReplica === false) return;
    await Promise.all(this.#connection.masters().map((node) => node.wait(1, timeoutMs)));
  }

  async clear(): Promise<void> {
    const client = this.#connection.client();
    const pattern = `${this.#keys.tag.replaceAll(/[\\*?[\]]/g, '\\$&')}:*`;
    for (const node of this.#connection.masters())
      for await (const keys of node.scanStream({ match: pattern, count: 500 })) {
        const found = keys as string[];
        if (found.length > 0) await client.unlink(...found);
      }
  }
}
