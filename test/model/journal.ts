/** No fail-over loses more. */
const longestRewindMs = 200_000;

/** What the store wrote, newest last, so that a fail-over can take the last writes back. */
export class Journal {
  #undo: { readonly atMs: number; readonly undo: () => void }[] = [];

  /** @param nowMs true time, which no clock step touches */
  constructor(private readonly nowMs: () => number) {}

  /** Remembers how to take a write back. */
  add(undo: () => void): void {
    const atMs = this.nowMs();
    this.#undo.push({ atMs, undo });
    if (this.#undo.length < 4000) return;
    const kept = this.#undo.findIndex((write) => write.atMs > atMs - longestRewindMs);
    if (kept > 1000) this.#undo.splice(0, kept);
  }

  /** Takes back everything that was written at or after a time. */
  rewind(toMs: number): void {
    while (this.#undo.length > 0 && this.#undo.at(-1)!.atMs >= toMs) this.#undo.pop()!.undo();
  }
}

/** A table of the store. Values are replaced, never changed. */
export class Table<Value> {
  readonly #rows = new Map<string, Value>();

  constructor(private readonly journal: Journal) {}

  get(id: string): Value | undefined {
    return this.#rows.get(id);
  }

  /** In no order that means anything. */
  entries(): [string, Value][] {
    return [...this.#rows];
  }

  get size(): number {
    return this.#rows.size;
  }

  set(id: string, value: Value): void {
    const before = this.#rows.get(id);
    this.#rows.set(id, value);
    this.journal.add(() => (before === undefined ? this.#rows.delete(id) : this.#rows.set(id, before)));
  }

  delete(id: string): void {
    const before = this.#rows.get(id);
    if (before === undefined) return;
    this.#rows.delete(id);
    this.journal.add(() => this.#rows.set(id, before));
  }

  clear(): void {
    for (const id of this.#rows.keys()) this.delete(id);
  }
}
