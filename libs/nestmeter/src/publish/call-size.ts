import type { StateWrite } from '../store/store.js';

const largestCall = 256 << 10;
const smallestCall = 16 << 10;

/** Rule 5: how much goes into one call to the store. Half as much after each failure, twice as much after each success. */
export class CallSize {
  #bytes = largestCall;

  /** Cuts writes into calls, in their order. A state that is larger than a call goes alone. */
  cut(writes: readonly StateWrite[]): StateWrite[][] {
    const calls: StateWrite[][] = [];
    let size = Infinity;
    for (const write of writes) {
      const bytes = (write.encoded?.length ?? 0) + 100;
      if (size + bytes > this.#bytes) {
        calls.push([]);
        size = 0;
      }
      calls.at(-1)!.push(write);
      size += bytes;
    }
    return calls;
  }

  failed(): void {
    this.#bytes = Math.max(smallestCall, this.#bytes / 2);
  }

  succeeded(): void {
    this.#bytes = Math.min(largestCall, this.#bytes * 2);
  }
}
