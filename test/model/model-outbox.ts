import type { Rules } from './rules.js';
import { confirmAfterMs, type ModelSlot } from './slots.js';
import type { ClosedState } from './open-slots.js';
import type { State, Write, WriteResult } from './store-contents.js';

interface Entry {
  readonly slot: ModelSlot;
  readonly state: State;
  /** Store time of the first acknowledgement since the store was last found without it; null while it lacks it. */
  acknowledgedMs: number | null;
  resends: number;
}

/** Told of what the outbox gives up before it may. @param isStored whether the store acknowledged it */
export type Dropped = (slot: ModelSlot, state: State, isStored: boolean) => void;

const mostResends = 3;
const auditSlots = 8;

/** Closed states that the store may still lose (rule 7), as the outbox of the package keeps them, bounded in measurements. */
export class ModelOutbox {
  readonly #entries = new Map<string, Entry>();
  readonly #doubted = new Set<Entry>();
  #auditQueue: Entry[] = [];
  #auditAtOnce = auditSlots;

  constructor(
    private readonly rules: Rules,
    private readonly mostIds: number,
    private readonly dropped: Dropped,
    /** Takes what is merged into a coarser tier when the rule against that is off. */
    private readonly mergeUp: (state: ClosedState) => void,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  get auditing(): boolean {
    return this.#auditQueue.length > 0;
  }

  add({ slot, state }: ClosedState): void {
    this.#entries.set(keyOf(slot, state.field), { slot, state, acknowledgedMs: null, resends: 0 });
    while (this.#ids() > this.mostIds) this.#dropOldest();
  }

  /** Unacknowledged states, those of slots that ended last first. */
  unsent(): Write[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.acknowledgedMs === null)
      .sort((a, b) => b.slot.endMs - a.slot.endMs)
      .map(({ slot, state }) => ({ slot, field: state.field, version: state.version, state }));
  }

  /** The store went back: until it has answered for each acknowledged state, it may lack it. */
  doubt(): void {
    for (const entry of this.#entries.values()) if (entry.acknowledgedMs !== null) this.#doubted.add(entry);
  }

  get isInDoubt(): boolean {
    return this.#doubted.size > 0;
  }

  /** What the store lacks or may lack. */
  lacking(): Pick<Write, 'slot' | 'field'>[] {
    const doubted = [...this.#doubted].map(({ slot, state: { field } }) => ({ slot, field }));
    return [...this.unsent(), ...doubted];
  }

  /** Questions for acknowledged states, a few in turn. */
  audit(): Write[] {
    if (!this.rules.audit) return [];
    if (this.#auditQueue.length === 0) this.#startAudit(auditSlots);
    const entries = this.#auditQueue.splice(-this.#auditAtOnce).filter((entry) => this.#isHeld(entry));
    return entries
      .filter((entry) => entry.acknowledgedMs !== null)
      .map(({ slot, state: { field, version } }) => ({ slot, field, version, state: null }));
  }

  /** Asks for everything: the store may have lost it. */
  auditAll(): void {
    if (this.rules.audit) this.#startAudit(Infinity);
  }

  forgetResends(): void {
    for (const entry of this.#entries.values()) entry.resends = 0;
  }

  settle({ slot, field }: Write, { outcome, found }: WriteResult, nowMs: number): void {
    const entry = this.#entries.get(keyOf(slot, field));
    if (entry === undefined) return;
    const isDoubted = this.#doubted.delete(entry);
    const isUnsure = entry.acknowledgedMs === null || isDoubted;
    if (outcome === 'late') this.#forget(entry, isUnsure && (found ?? 0) < entry.state.version);
    else if (outcome === 'missing') {
      entry.acknowledgedMs = null;
      if (this.#auditAtOnce === auditSlots) this.auditAll();
      if (++entry.resends > mostResends) this.#forget(entry, true);
    } else {
      // The state of a copy of this process stays instead of this.
      const isOthers = outcome === 'have' && found !== entry.state.version;
      if (isOthers && entry.acknowledgedMs === null) this.dropped(entry.slot, entry.state, false);
      entry.acknowledgedMs ??= nowMs;
      if (this.#mayForget(entry, nowMs)) this.#forget(entry, false);
    }
  }

  /** Forgets what no store takes any more. */
  expire(nowMs: number, answeredMs: number): void {
    for (const entry of this.#entries.values()) {
      const untilMs = entry.acknowledgedMs === null ? nowMs : answeredMs;
      if (this.#doubted.has(entry)) continue;
      if (untilMs >= entry.slot.writeEndMs) this.#forget(entry, entry.acknowledgedMs === null);
      else if (!this.rules.confirm && this.#mayForget(entry, nowMs)) this.#forget(entry, false);
    }
  }

  /** States held for a slot. */
  states(slot: ModelSlot): State[] {
    return [...this.#entries.values()].filter((entry) => entry.slot === slot).map((entry) => entry.state);
  }

  copyInto(other: ModelOutbox): void {
    for (const [key, entry] of this.#entries) other.#entries.set(key, { ...entry });
  }

  #startAudit(atOnce: number): void {
    this.#auditAtOnce = atOnce;
    this.#auditQueue = [...this.#entries.values()]
      .filter((entry) => entry.acknowledgedMs !== null)
      .sort((a, b) => a.slot.startMs - b.slot.startMs);
  }

  #dropOldest(): void {
    // What was acknowledged is remembered as an insurance only; dropping the rest loses it for certain.
    const isInsurance = (entry: Entry): boolean => this.rules.acknowledgedGoFirst && entry.acknowledgedMs !== null;
    const [oldest] = [...this.#entries.values()].sort(
      (a, b) =>
        Number(isInsurance(b)) - Number(isInsurance(a)) ||
        a.slot.level - b.slot.level ||
        a.slot.startMs - b.slot.startMs,
    );
    if (!this.rules.tiersApart && oldest!.acknowledgedMs === null && oldest!.slot.level === 0) {
      this.#entries.delete(keyOf(oldest!.slot, oldest!.state.field));
      this.mergeUp(oldest!);
      return;
    }
    this.#forget(oldest!, oldest!.acknowledgedMs === null);
    if (oldest!.acknowledgedMs !== null) this.dropped(oldest!.slot, oldest!.state, true);
  }

  #forget(entry: Entry, isLost: boolean): void {
    this.#entries.delete(keyOf(entry.slot, entry.state.field));
    this.#doubted.delete(entry);
    if (isLost) this.dropped(entry.slot, entry.state, false);
  }

  #mayForget({ acknowledgedMs, slot }: Entry, nowMs: number): boolean {
    if (acknowledgedMs === null) return false;
    // A renewed id has final states in slots that are still open.
    const fromMs = this.rules.confirmAfterEnd ? Math.max(acknowledgedMs, slot.endMs) : acknowledgedMs;
    return nowMs - fromMs >= confirmAfterMs;
  }

  #isHeld(entry: Entry): boolean {
    return this.#entries.get(keyOf(entry.slot, entry.state.field)) === entry;
  }

  #ids(): number {
    let sum = 0;
    for (const { state } of this.#entries.values()) sum += state.ids.length;
    return sum;
  }
}

function keyOf(slot: ModelSlot, field: string): string {
  return `${slot.id}/${field}`;
}
