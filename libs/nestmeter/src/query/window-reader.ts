import type { AnyFamily } from '../accumulate/family.js';
import { Pace } from '../accumulate/pace.js';
import type { Clock } from '../clock.js';
import {
  type Born,
  type ReadReply,
  type ReadRequest,
  type SlotContents,
  slotId,
  type SlotRef,
  type StateSource,
} from '../store/store.js';
import type { Tier } from '../time-slot.js';
import { decodeSlot, type DecodedSlot } from './decode-slot.js';
import { type Gap, GapCollector } from './gaps.js';
import { cutStretches, planSlots } from './plan.js';
import { CachedSlot, SlotCache } from './slot-cache.js';
import { resolveWindow, type Window, type WindowQuery } from './window.js';
import { type Merged, type SummedStretch, WindowSum } from './window-sum.js';

/** What a report asks for. */
export interface WindowRequest {
  readonly query: WindowQuery;
  /** The window when the query names none, such as `1h`. */
  readonly fallback: string;
  readonly families: readonly AnyFamily[];
  /** Into how many stretches to cut the window besides. */
  readonly points?: number | undefined;
  /** Whether the replicas' last beats are wanted, and whose. */
  readonly beats?: ReadRequest['beats'];
}

/** What was counted in a window. */
export interface WindowContents extends Merged {
  readonly window: Window;
  /** Unix milliseconds of the store when it was read. */
  readonly nowMs: number;
  /** Stretches of the window, in order; empty unless asked for. */
  readonly points: readonly SummedStretch[];
  /** Most replicas that contributed to any one slot. */
  readonly replicas: number;
  /** Seconds in whose slots anybody published, over the families that were read, not before the store had anything. */
  readonly publishedSeconds: number;
  readonly live: readonly string[];
  readonly beats: ReadReply['beats'];
  readonly born: Born | null;
  /** Times for which numbers are known to be missing, in order, at most 50. */
  readonly gaps: readonly Gap[];
}

/** What a {@link WindowReader} is made of. */
export interface WindowReaderOptions {
  readonly store: StateSource;
  /** What answers while the store does not. */
  readonly ownMemory: StateSource;
  readonly tiers: readonly Tier[];
  readonly clock: Clock;
  readonly storeNowMs: () => number;
  /** Unix milliseconds of the last answer of the store; null before the first. */
  readonly lastContactMs: () => number | null;
  /** Called before each read; an embedded store publishes here. */
  readonly beforeRead: () => Promise<void>;
  readonly cacheBytes: number;
}

/**
 * Rule 10. Reads windows: plans which slots they are made of, asks the store for those that changed, merges what replicas counted.
 *
 * While the store answers, only the store is read, so that every replica answers alike. Any number of callers asking for
 * the same at the same time share one read. Merging gives way to the event loop every 2 ms.
 */
export class WindowReader {
  readonly #cache: SlotCache;
  readonly #running = new Map<string, Promise<WindowContents>>();
  readonly #next = new Map<string, Promise<WindowContents>>();

  constructor(private readonly options: WindowReaderOptions) {
    this.#cache = new SlotCache(options.cacheBytes);
  }

  /** Bytes of slots and sums that are held between reads. */
  get cacheBytes(): number {
    return this.#cache.bytes;
  }

  /** Reads a window. Throws NM_QUERY_INVALID for a query that cannot be resolved; a silent store is not an error. */
  read(request: WindowRequest): Promise<WindowContents> {
    const { query, fallback, families, points, beats } = request;
    const key = JSON.stringify([
      query,
      fallback,
      points,
      beats,
      families.map(({ name, signature }) => [name, signature]),
    ]);
    const running = this.#running.get(key);
    if (running === undefined) return this.#start(key, request);
    // The one that runs may lack what the caller has just recorded; the next one is shared.
    let next = this.#next.get(key);
    if (next === undefined) {
      next = running
        .catch(() => {})
        .then(() => {
          this.#next.delete(key);
          return this.#start(key, request);
        });
      this.#next.set(key, next);
    }
    return next;
  }

  #start(key: string, request: WindowRequest): Promise<WindowContents> {
    const answer: Promise<WindowContents> = this.options
      .beforeRead()
      .then(() => this.#read(request))
      .finally(() => {
        if (this.#running.get(key) === answer) this.#running.delete(key);
      });
    this.#running.set(key, answer);
    return answer;
  }

  async #read({ query, fallback, families, points, beats = false }: WindowRequest): Promise<WindowContents> {
    const { tiers, storeNowMs } = this.options;
    const nowMs = storeNowMs();
    const window = resolveWindow(query, fallback, nowMs, tiers);
    const planned = planSlots(window, nowMs, tiers);
    const familyAt = (index: number) => families[Math.floor(index / planned.length)]!;
    const refs = families.flatMap((family) => planned.map((slot) => ({ family: family.name, ...slot })));
    const known = refs.map((ref, index) => this.#cache.slot(slotId(ref), familyAt(index)));
    const { reply, own } = await this.#ask(refs, known, beats);
    const stretches = points === undefined ? [] : cutStretches(window, points);
    const sum = new WindowSum(families, stretches);
    const gaps = new GapCollector(window, nowMs);
    if (own) gaps.unreachable(this.options.lastContactMs());
    gaps.reply(reply, planned);
    const pace = new Pace(this.options.clock);
    for (const [index, ref] of refs.entries()) {
      const contents = reply.slots[index]!;
      if (contents === 'lost') gaps.lost(ref);
      const slot =
        contents === 'unchanged' ? known[index] : await this.#decode(ref, familyAt(index), contents, own, pace);
      if (slot === undefined) continue;
      sum.add(ref, slot);
      gaps.slot(ref, slot);
      if (pace.isDue) await pace.giveWay();
    }
    await sum.finish(own ? null : this.#cache, pace);
    // What callers make of it is a slice of its own.
    await pace.giveWay();
    const { live, born } = reply;
    return {
      window,
      nowMs,
      of: (family) => sum.whole(family),
      points: sum.points(born?.since ?? null),
      replicas: sum.replicas,
      publishedSeconds: sum.publishedSeconds(window, born?.since ?? null),
      live,
      beats: reply.beats,
      born,
      gaps: gaps.list(),
    };
  }

  async #ask(refs: readonly SlotRef[], known: readonly (CachedSlot | undefined)[], beats: ReadRequest['beats']) {
    const slots = refs.map((slot, index) => ({ slot, knownRevision: known[index]?.revision ?? null }));
    try {
      return { reply: await this.options.store.read({ slots, beats }), own: false };
    } catch {
      // Unreachable: its status says why. This replica answers from what it has, and says so.
      return { reply: await this.options.ownMemory.read({ slots, beats }), own: true };
    }
  }

  async #decode(
    ref: SlotRef,
    family: AnyFamily,
    contents: SlotContents | 'lost' | null,
    own: boolean,
    pace: Pace,
  ): Promise<DecodedSlot | undefined> {
    const id = slotId(ref);
    if (contents === null || contents === 'lost') {
      // Own memory lacks what the store has: that says nothing about what was read from the store.
      if (!own) this.#cache.delete(id);
      return undefined;
    }
    const slot = await decodeSlot(family, contents, pace);
    if (own) return slot;
    // Encoding a sum cannot be divided.
    if (pace.isDue) await pace.giveWay();
    this.#cache.set(id, new CachedSlot(slot));
    return slot;
  }
}
