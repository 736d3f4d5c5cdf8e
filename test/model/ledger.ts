import type { Process } from './event-loop.js';
import { type ModelSlot, tiers } from './slots.js';

/** Something that was counted once, and must be found once. */
export interface Measurement {
  readonly id: number;
  readonly process: Process;
  /** True time. */
  readonly atMs: number;
  /** Store time as the replica knew it. */
  storeMs: number;
  /** How far that was off. */
  clockErrorMs: number;
  /** By tier; none as long as they have no names. */
  slots: readonly ModelSlot[];
  /** By tier: true time at which the store first had it; null while it has not had it. */
  readonly storedAtMs: (number | null)[];
  /** By tier: whether the replica says that it lost it. */
  readonly countedLost: boolean[];
  /** By tier: whether its outbox had no room to remember it. */
  readonly isForgotten: boolean[];
}

/** Something that took contents away from the store. */
export interface Destruction {
  readonly atMs: number;
  /** Contents written before this time are still there; −∞ when nothing is. */
  readonly keptUntilMs: number;
  /** The slot it hit; null for all. */
  readonly slot: ModelSlot | null;
}

interface Contact {
  readonly atMs: number;
  readonly storeMs: number;
}

/** Two processes under one id notice it with their next calls, in coarse tiers with the next one that has these. */
const longestAmbiguityMs = 15_000;

/** What really happened, seen from outside: the truth that reads are compared with. */
export class Ledger {
  readonly measurements: Measurement[] = [];
  readonly destructions: Destruction[] = [];
  /** True times at which the store's clock was set back. */
  readonly stepsBack: number[] = [];
  readonly #bySlot = new Map<string, Measurement[]>();
  readonly #contacts = new Map<Process, Contact[]>();
  /** For each process, second by second, whether nothing hindered it. */
  readonly #clear = new Map<Process, boolean[]>();
  readonly #copies: { readonly processes: readonly Process[]; readonly fromMs: number; toMs: number | null }[] = [];

  /** Something was counted. @param trueStoreMs what the store's clock showed */
  record(process: Process, trueStoreMs: number): number {
    const id = this.measurements.length;
    const measurement: Measurement = {
      id,
      process,
      atMs: process.loop.nowMs,
      storeMs: trueStoreMs,
      clockErrorMs: 0,
      slots: [],
      storedAtMs: tiers.map(() => null),
      countedLost: tiers.map(() => false),
      isForgotten: tiers.map(() => false),
    };
    this.measurements.push(measurement);
    return id;
  }

  /** Into which slots it was put, and by which time. */
  place(id: number, slots: readonly ModelSlot[], storeMs: number): void {
    const measurement = this.measurements[id]!;
    measurement.slots = slots;
    measurement.clockErrorMs = Math.abs(storeMs - measurement.storeMs);
    measurement.storeMs = storeMs;
    for (const slot of slots) {
      const list = this.#bySlot.get(slot.id);
      if (list === undefined) this.#bySlot.set(slot.id, [measurement]);
      else list.push(measurement);
    }
  }

  /** What was counted in a slot, whether or not the store knows. */
  of(slot: ModelSlot): readonly Measurement[] {
    return this.#bySlot.get(slot.id) ?? [];
  }

  /** Slots in which anything was counted. */
  slotIds(): string[] {
    return [...this.#bySlot.keys()];
  }

  stored(level: number, ids: readonly number[], atMs: number): void {
    // States grow at their end; what was stored before comes first.
    for (let at = ids.length - 1; at >= 0; at--) this.measurements[ids[at]!]!.storedAtMs[level] ??= atMs;
  }

  /** A replica had to drop what the store had acknowledged. */
  forget(level: number, ids: readonly number[]): void {
    for (const id of ids) this.measurements[id]!.isForgotten[level] = true;
  }

  countLost(level: number, ids: readonly number[]): void {
    for (const id of ids) this.measurements[id]!.countedLost[level] = true;
  }

  contact(process: Process, storeMs: number): void {
    const list = this.#contacts.get(process);
    const contact = { atMs: process.loop.nowMs, storeMs };
    if (list === undefined) this.#contacts.set(process, [contact]);
    else list.push(contact);
  }

  /** The last answer that a process got before a moment. */
  lastContact(process: Process, beforeMs: number): Contact | null {
    return (this.#contacts.get(process) ?? []).findLast(({ atMs }) => atMs < beforeMs) ?? null;
  }

  /** Answers that a process got after a moment. */
  contactsSince(process: Process, afterMs: number): number {
    const list = this.#contacts.get(process) ?? [];
    return list.length - 1 - list.findLastIndex(({ atMs }) => atMs <= afterMs);
  }

  /** Notes for the present second whether a process is hindered by any fault. */
  sample(process: Process, isClear: boolean): void {
    let seconds = this.#clear.get(process);
    if (seconds === undefined) this.#clear.set(process, (seconds = []));
    seconds[Math.floor(process.loop.nowMs / 1000)] = isClear;
  }

  /** Whether nothing hindered a process for `seconds` on end in a stretch of true time. */
  hadChance(process: Process, fromMs: number, toMs: number, seconds: number): boolean {
    const clear = this.#clear.get(process) ?? [];
    let length = 0;
    for (let second = Math.ceil(fromMs / 1000); second < Math.floor(toMs / 1000); second++) {
      length = clear[second] ? length + 1 : 0;
      if (length >= seconds) return true;
    }
    return false;
  }

  /** Two processes have one id from now on. */
  copied(original: Process, copy: Process): void {
    this.#copies.push({ processes: [original, copy], fromMs: original.loop.nowMs, toMs: null });
  }

  /** A process noticed it and goes on under another id. */
  separated(process: Process): void {
    for (const copy of this.#copies) if (copy.processes.includes(process)) copy.toMs = process.loop.nowMs;
  }

  /** Whether a measurement was counted while two processes had one id and could not yet know. */
  isAmbiguous({ process, atMs }: Measurement): boolean {
    return this.#copies.some(
      ({ processes, fromMs, toMs }) =>
        processes.includes(process) &&
        atMs >= fromMs &&
        (atMs <= (toMs ?? fromMs) + longestAmbiguityMs || this.contactsSince(process, fromMs) === 0),
    );
  }

  /** Whether the store's clock was set back after a moment, and a process went on by the old one for a while. */
  missedStepBack(process: Process, afterMs: number): boolean {
    const isMissed = (stepMs: number): boolean => {
      const contact = (this.#contacts.get(process) ?? []).find(({ atMs }) => atMs > stepMs);
      return contact === undefined || contact.atMs > stepMs + longestAmbiguityMs;
    };
    return this.stepsBack.some((stepMs) => stepMs > afterMs && isMissed(stepMs));
  }

  /**
   * Whether the store went back to a moment just after its clock was set back: its beats then tell times before the step,
   * and nobody can say from when on it lacks something.
   */
  isBeforeStep({ keptUntilMs }: Destruction): boolean {
    return this.stepsBack.some((atMs) => keptUntilMs >= atMs && keptUntilMs < atMs + longestAmbiguityMs);
  }

  /** Whether a process that knew the store before a destruction has told it so since: with its second answer. */
  wasNoticed({ atMs }: Destruction): boolean {
    return [...this.#contacts.values()].some((list) => list[0]!.atMs < atMs && (list.at(-2)?.atMs ?? 0) > atMs);
  }
}
