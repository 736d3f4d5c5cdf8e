import type { EventLoop, Process } from './event-loop.js';
import type { ModelStore } from './model-store.js';
import type { Random } from './random.js';
import { callTimeoutMs } from './slots.js';

/** How the way between one process and the store is. */
export interface Link {
  isCut: boolean;
  /** Added to each way. */
  slowMs: number;
}

/** Shares of the calls of everybody to which something happens. */
export interface Weather {
  'cut replies': number;
  'lose requests': number;
  'repeat requests': number;
  'delay requests': number;
}

/** What a call did: null when no answer came in time, and its outcome is unknown. */
export type Answered<Reply> = (reply: Reply | null) => void;

/**
 * The way of calls to the store. A request may be lost, arrive twice, or arrive long after its sender gave up or died (a
 * zombie); a reply may be lost. The caller learns one of: the reply, or nothing.
 */
export class Network {
  readonly weather: Weather = { 'cut replies': 0, 'lose requests': 0, 'repeat requests': 0, 'delay requests': 0 };
  readonly #links = new Map<Process, Link>();
  readonly #unscripted = new Set<Process>();

  constructor(
    private readonly loop: EventLoop,
    private readonly store: ModelStore,
    private readonly random: Random,
    /** The longest that a packet is under way. */
    private readonly longestDelayMs: number,
  ) {}

  link(process: Process): Link {
    let link = this.#links.get(process);
    if (link === undefined) this.#links.set(process, (link = { isCut: false, slowMs: 0 }));
    return link;
  }

  /** Whether calls of a process pass unharmed. */
  isClear(process: Process): boolean {
    const { isCut, slowMs } = this.link(process);
    return !isCut && slowMs < 300 && Object.values(this.weather).every((share) => share === 0);
  }

  /** The store forgets its scripts: the next call of each process fails. */
  flushScripts(): void {
    for (const process of this.#links.keys()) this.#unscripted.add(process);
  }

  /** Lets the store run a script. */
  call<Reply>(process: Process, script: () => Reply, answered: Answered<Reply>): void {
    const { random, weather } = this;
    let isOver = false;
    const settle = (reply: Reply | null): void => {
      if (isOver) return;
      isOver = true;
      answered(reply);
    };
    process.after(callTimeoutMs, () => settle(null));
    if (random.chance(weather['lose requests'])) return;
    if (this.#unscripted.delete(process)) return process.after(5, () => settle(null));
    const isDelayed = random.chance(weather['delay requests']);
    const wayMs = isDelayed ? random.between(300, this.longestDelayMs) : this.#wayMs(process);
    this.#arrive(process, wayMs, script, settle);
    if (random.chance(weather['repeat requests']))
      this.#arrive(process, random.between(1, this.longestDelayMs), script, () => {});
  }

  #arrive<Reply>(process: Process, wayMs: number, script: () => Reply, settle: Answered<Reply>): void {
    this.loop.after(wayMs, () => {
      if (this.link(process).isCut) return this.#getThroughLater(process, script);
      if (!this.store.isUp) return;
      const reply = script();
      if (!this.random.chance(this.weather['cut replies'])) this.#reply(process, () => settle(reply));
    });
  }

  #reply(process: Process, settle: () => void): void {
    process.after(this.#wayMs(process), () => {
      if (!this.link(process).isCut) settle();
    });
  }

  /** What stood in a buffer when the way was cut arrives when it is open again, if at all. */
  #getThroughLater(process: Process, script: () => unknown): void {
    if (this.random.chance(0.5)) return;
    const retry = (): void => {
      if (this.link(process).isCut) this.loop.after(500, retry);
      else if (this.store.isUp) script();
    };
    this.loop.after(500, retry);
  }

  #wayMs(process: Process): number {
    return this.random.between(1, 8) + this.link(process).slowMs * this.random.between(0.5, 1);
  }
}
