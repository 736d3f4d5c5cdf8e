import type { Process } from './event-loop.js';
import { fold, planFold, slotsToKeep, takeLease, writeControl } from './keeper-scripts.js';
import type { ModelSlot } from './slots.js';
import type { World } from './world.js';

const tickMs = 3000;
const leaseMs = 9000;
const slotsPerTick = 8;
/** Time between the read of a slot and the write that was made from it. */
const thinkMs = 30;

/**
 * Folds final states, seals slots after W, prunes, and writes control documents while it has the lease. Folding needs no
 * lease to be right, so that two keepers may be at it; control writes do.
 */
export class ModelKeeper {
  /** It stays this long between its next read and write. */
  pauseMs = 0;
  #token = '';
  #leaseUntilMs = 0;
  #ticks = 0;

  constructor(
    readonly process: Process,
    private readonly world: World,
  ) {}

  start(): void {
    const tick = (): void => this.#keep(() => this.process.after(tickMs, tick));
    this.process.after(this.world.random.between(0, tickMs), tick);
  }

  #keep(done: () => void): void {
    const { network, store, random, foldsWithoutLease } = this.world;
    // A token belongs to one taking of the lease: what was sent under an earlier one must not pass under this one.
    if (this.process.loop.nowMs >= this.#leaseUntilMs) this.#token = this.world.name();
    const token = this.#token;
    const ask = () => {
      store.prune();
      return {
        has: takeLease(store, token, leaseMs),
        slots: slotsToKeep(store),
        control: store.control.get('control'),
      };
    };
    network.call(this.process, ask, (reply) => {
      if (reply === null) return done();
      if (reply.has) this.#leaseUntilMs = this.process.loop.nowMs + leaseMs;
      else this.#leaseUntilMs = 0;
      if (!reply.has && !foldsWithoutLease) return done();
      const slots = reply.slots.slice(0, slotsPerTick);
      const next = (): void => {
        const first = slots.shift();
        if (first === undefined) done();
        else this.#fold(first.slot, first.seals, next);
      };
      const isQuiet = this.process.loop.nowMs > this.world.options.loadMs;
      if (!reply.has || isQuiet || this.#ticks++ % 4 !== 0) return next();
      const held = reply.control;
      const document = { version: (held?.version ?? 0) + 1, id: random.next(), parent: held?.id ?? null };
      this.#think(() => network.call(this.process, () => writeControl(store, token, document), next));
    });
  }

  #fold(slot: ModelSlot, seals: boolean, done: () => void): void {
    const { network, store, rules } = this.world;
    network.call(
      this.process,
      () => store.key(slot) ?? null,
      (key) => {
        const plan = key === null ? null : planFold(slot, key, seals, rules);
        if (plan === null) return done();
        this.#think(() => network.call(this.process, () => fold(store, plan), done));
      },
    );
  }

  #think(then: () => void): void {
    this.process.after(thinkMs + this.pauseMs, then);
    this.pauseMs = 0;
  }
}
