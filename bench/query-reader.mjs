/*
 * A process that reads in the query bench; started by query.mjs. Arguments: address of Redis, an app, a window. Messages:
 * what to measure; answers what a new replica took.
 */
import { Redis } from 'ioredis';
import { createMonitor } from '../libs/nestmeter/dist/core.js';
import { longestTurn } from './turns.mjs';

const [url, app, window] = process.argv.slice(2);
const client = new Redis(url);

process.on('message', (what) => {
  void (what === 'turn' ? longestTurnMs() : read()).then((answer) => process.send(answer));
});
process.on('disconnect', () => process.exit());

/** Asks a new replica twice: nothing is known to it the first time. */
async function read() {
  const monitor = createMonitor({ app, redis: url, genaiPrices: false, logLevel: 'silent' });
  monitor.start();
  await reached(monitor);
  await client.call('SLOWLOG', 'RESET');
  const before = process.cpuUsage();
  const [answer, coldMs] = await timed(() => monitor.reports.providers({ window }));
  const { user, system } = process.cpuUsage(before);
  if (answer.providers_count === 0) throw new Error('the past must be found, got no provider');
  const beforeWarm = process.cpuUsage();
  const [, warmMs] = await timed(() => monitor.reports.providers({ window }));
  const warm = process.cpuUsage(beforeWarm);
  const scripts = await client.call('SLOWLOG', 'GET', '1000');
  const scriptMs = Math.max(0, ...scripts.map(([, , us]) => us / 1000));
  await monitor.stop();
  const cpuMs = { coldCpuMs: (user + system) / 1000, warmCpuMs: (warm.user + warm.system) / 1000 };
  return { coldMs, warmMs, scriptMs, ...cpuMs };
}

/** The longest turn of the event loop while a new replica reads, in milliseconds. */
async function longestTurnMs() {
  const monitor = createMonitor({ app, redis: url, genaiPrices: false, logLevel: 'silent' });
  monitor.start();
  await reached(monitor);
  const turns = longestTurn();
  await monitor.reports.providers({ window });
  const longest = turns.stop();
  await monitor.stop();
  return longest;
}

async function timed(work) {
  const start = performance.now();
  return [await work(), performance.now() - start];
}

/** Waits until the store answers. */
async function reached(monitor) {
  for (;;) {
    const isReached = await monitor.flush().then(
      () => true,
      () => false,
    );
    if (isReached) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
