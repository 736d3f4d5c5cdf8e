import type { Fault } from './fault-script.js';
import type { World } from './world.js';

/** Does to a simulated world what a fault says. */
export function applyFault(world: World, fault: Fault): void {
  const { store, network, ledger, loop } = world;
  const nowMs = loop.nowMs;
  const replica = 'seat' in fault ? world.seats[fault.seat] : null;
  switch (fault.kind) {
    case 'crash':
      return replica?.process.die();
    case 'shutdown':
      return replica?.shutDown();
    case 'start':
      return world.start(fault.seat);
    case 'pause':
      return replica?.process.pause();
    case 'resume':
      return replica?.process.resume();
    case 'copy':
      if (replica?.process.runs && !replica.isLeaving) world.start(world.seats.length, replica);
      return;
    case 'partition':
    case 'heal':
      if (replica) network.link(replica.process).isCut = fault.kind === 'partition';
      return;
    case 'slow':
      if (replica) network.link(replica.process).slowMs = fault.ms;
      return;
    case 'cut replies':
    case 'lose requests':
    case 'repeat requests':
    case 'delay requests':
      network.weather[fault.kind] = fault.share;
      return;
    case 'store down':
      store.isUp = false;
      return;
    case 'store up':
      store.isUp = true;
      if (!fault.isEmpty) return;
      store.wipe();
      ledger.destructions.push({ atMs: nowMs, keptUntilMs: -Infinity, slot: null });
      return;
    case 'wipe':
      store.wipe();
      ledger.destructions.push({ atMs: nowMs, keptUntilMs: -Infinity, slot: null });
      return;
    case 'evict':
      return evict(world, fault.at);
    case 'fail over':
      store.journal.rewind(nowMs - fault.losesMs);
      stepClock(world, fault.clockMs);
      store.isUp = true;
      ledger.destructions.push({ atMs: nowMs, keptUntilMs: nowMs - fault.losesMs, slot: null });
      return;
    case 'step store clock':
      return stepClock(world, fault.ms);
    case 'step host clock':
      return world.stepHostClocks(fault.ms);
    case 'flush scripts':
      return network.flushScripts();
    case 'pause keeper':
      world.keepers[fault.seat]!.pauseMs = fault.ms;
  }
}

/** Ends everything that lasts: from here on the run must come to rest. */
export function endFaults(world: World): void {
  const { store, network } = world;
  store.isUp = true;
  for (const name of Object.keys(network.weather) as (keyof typeof network.weather)[]) network.weather[name] = 0;
  world.seats.forEach((replica, seat) => {
    if (replica !== null) {
      Object.assign(network.link(replica.process), { isCut: false, slowMs: 0 });
      replica.process.resume();
    }
    world.start(seat);
  });
}

function stepClock({ store, ledger, loop }: World, ms: number): void {
  store.stepClock(ms);
  if (ms < 0) ledger.stepsBack.push(loop.nowMs);
}

function evict({ store, ledger, loop, slotOf }: World, at: number): void {
  const ids = store.keys.entries().map(([id]) => id);
  const id = ids.sort()[Math.floor(at * ids.length)];
  if (id === undefined) return;
  store.keys.delete(id);
  ledger.destructions.push({ atMs: loop.nowMs, keptUntilMs: -Infinity, slot: slotOf(id) });
}
