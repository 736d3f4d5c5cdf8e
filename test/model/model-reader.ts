import { planSlots } from '../../libs/nestmeter/src/query/plan.js';
import { resolveWindow } from '../../libs/nestmeter/src/query/window.js';
import { settleSeconds } from '../../libs/nestmeter/src/time-slot.js';
import type { Invariants } from './invariants.js';
import { type ModelSlot, slotAt, tiers } from './slots.js';
import { contentsOf, type SlotKey } from './store-contents.js';
import type { World } from './world.js';

interface Cached {
  readonly revision: number;
  readonly key: SlotKey;
}

const windows = ['30s', '2m', '8m', '25m'];

/** A reader of windows (rule 10), with a cache, that checks each of its answers against what really happened. */
export class ModelReader {
  readonly #cache = new Map<string, Cached>();

  constructor(
    private readonly world: World,
    private readonly invariants: Invariants,
  ) {}

  start(): void {
    const { loop, random, options } = this.world;
    const { loadMs } = options;
    const tick = (): void => {
      if (this.world.store.isUp) this.#read();
      loop.after(random.between(2000, 12_000) * (loop.nowMs > loadMs ? 3 : 1), tick);
    };
    loop.after(random.between(5000, 10_000), tick);
  }

  #read(): void {
    const { store, random } = this.world;
    const seen = new Map<number, ModelSlot>();
    for (const slot of this.#plan(random.pick(windows))) {
      const key = this.#contents(slot);
      const present = new Set<number>();
      for (const id of contentsOf(key)) {
        const before = seen.get(id);
        if (before !== undefined) this.invariants.doubled(id, slot, before);
        seen.set(id, slot);
        present.add(id);
      }
      this.invariants.cached(slot, key, store.key(slot));
      this.invariants.read(slot, present);
    }
  }

  #plan(text: string): ModelSlot[] {
    const { store } = this.world;
    const nowMs = store.timeMs;
    const window = resolveWindow({ window: text }, text, nowMs, tiers);
    if (store.rules.settledOnly)
      return planSlots(window, nowMs, tiers).map(({ tier, start }) => slotAt(tiers.indexOf(tier), start * 1000));
    const slots: ModelSlot[] = [];
    for (let ms = window.from * 1000; ms < nowMs; ms += window.slotSeconds * 1000) slots.push(slotAt(window.level, ms));
    return slots;
  }

  #contents(slot: ModelSlot): SlotKey | undefined {
    const { store } = this.world;
    const known = this.#cache.get(slot.id);
    const isOld = slot.endMs + settleSeconds * 1000 < store.timeMs;
    if (!store.rules.revisions && known !== undefined && isOld) return known.key;
    const key = store.key(slot);
    const revision = store.index.get(slot.id);
    if (key === undefined || revision === undefined) {
      this.#cache.delete(slot.id);
      return undefined;
    }
    if (known?.revision === revision) return known.key;
    this.#cache.set(slot.id, { revision, key });
    return key;
  }
}
