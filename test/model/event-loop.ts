interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

/** Simulated time: it jumps from one event to the next. Events of the same moment happen in the order they were made. */
export class EventLoop {
  nowMs = 0;
  readonly #heap: Event[] = [];
  #order = 0;

  after(delayMs: number, action: () => void): void {
    this.#push({ atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, action });
  }

  /** Lets everything happen that is due until then. */
  runUntil(endMs: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.atMs <= endMs) {
      const { atMs, action } = this.#pop();
      this.nowMs = atMs;
      action();
    }
    this.nowMs = endMs;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/**
 * A process of the operating system. While it is stopped (SIGSTOP) its timers and replies wait; when it is dead they are
 * forgotten. What it has sent travels on in either case.
 */
export class Process {
  /** When it died, in true milliseconds; null while it lives. */
  diedAtMs: number | null = null;
  isPaused = false;
  #waiting: (() => void)[] = [];

  constructor(
    readonly name: string,
    readonly loop: EventLoop,
  ) {}

  get runs(): boolean {
    return this.diedAtMs === null && !this.isPaused;
  }

  /** Does something of this process later: not before it goes on, and never once it is dead. */
  after(delayMs: number, action: () => void): void {
    this.loop.after(delayMs, () => this.#do(action));
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    for (const action of this.#waiting.splice(0)) this.#do(action);
  }

  die(): void {
    this.diedAtMs ??= this.loop.nowMs;
    this.#waiting = [];
  }

  #do(action: () => void): void {
    if (this.diedAtMs !== null) return;
    if (this.isPaused) this.#waiting.push(action);
    else action();
  }
}
