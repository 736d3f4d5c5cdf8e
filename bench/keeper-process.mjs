/*
 * A process of a replica without load that keeps the store; started by scale.mjs. Arguments: address of Redis, an app,
 * whether it keeps at once (fold), while others publish (keep), or at once while it looks at its turns (turn).
 * Messages: answers anything with what it did so far; `fold` and `turn` tell it by themselves when nothing is left.
 */
import { joinParts } from '../libs/nestmeter/dist/monitor-parts.js';
import { readOptions } from '../libs/nestmeter/dist/options.js';
import { connected } from './replica.mjs';
import { longestTurn } from './turns.mjs';

const [redis, app, mode] = process.argv.slice(2);
const { store, publisher, keeper } = joinParts(readOptions({ app, redis, genaiPrices: false, logLevel: 'silent' }));
store.start();
await connected(store);
await publisher.flush();
publisher.start();

process.on('message', () => process.send(told()));
process.on('disconnect', () => process.exit());
if (mode === 'keep') {
  keeper.start();
  process.send('ready');
} else {
  const begun = process.cpuUsage();
  const turns = mode === 'turn' ? longestTurn() : null;
  await keeper.keep();
  const longestTurnMs = turns?.stop() ?? null;
  const { folded, sealed, refused, failures } = keeper.status;
  if (refused + failures > 0) throw new Error(`all must be folded, got ${refused} refused and ${failures} failed`);
  const { user, system } = process.cpuUsage(begun);
  process.send({ cpuMs: (user + system) / 1000, folded, sealed, longestTurnMs });
}

function told() {
  const { user, system } = process.cpuUsage();
  const { folded, lagMs } = keeper.status;
  return { cpuMs: (user + system) / 1000, folded, lagMs };
}
