import type { StateWrite } from '../store/store.js';

/** Splits writes, in their order, into calls of at most so many bytes; one that is larger goes alone. */
export function inCalls(writes: readonly StateWrite[], mostBytes: number): StateWrite[][] {
  const calls: StateWrite[][] = [];
  let size = Infinity;
  for (const write of writes) {
    const bytes = (write.encoded?.length ?? 0) + 100;
    if (size + bytes > mostBytes) {
      calls.push([]);
      size = 0;
    }
    calls.at(-1)!.push(write);
    size += bytes;
  }
  return calls;
}
