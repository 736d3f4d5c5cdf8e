/*
 * The process that reads in the query bench; started by query.mjs. Argument: address of Redis. Messages: an app, a window,
 * and what to measure; answers what a new replica took.
 */
import { Redis } from 'ioredis';
import { createMonitor } from '../libs/nestmeter/dist/core.js';

const [url] = process.argv.slice(2);
const client = new Redis(url);

process.on('message', async ({ app, window, what }) => {
  process.send(what === 'turn' ? await longestTurnMs(app, window) : await read(app, window));
});
process.on('disconnect', () => process.exit());

/** Asks a new replica twice: nothing is known to it the first time. */
async function read(app, window) {
  const monitor = createMonitor({ app, redis: url, genaiPrices: false, logLevel: 'silent' });
  monitor.start();
  await reached(monitor);
  await client.call('SLOWLOG', 'RESET');
  const [answer, coldMs] = await timed(() => monitor.reports.providers({ window }));
  if (answer.providers_count === 0) throw new Error('the past must be found, got no provider');
  const [, warmMs] = await timed(() => monitor.reports.providers({ window }));
  const scripts = await client.call('SLOWLOG', 'GET', '1000');
  const scriptMs = Math.max(0, ...scripts.map(([, , us]) => us / 1000));
  await monitor.stop();
  return { coldMs, warmMs, scriptMs };
}

/** The longest turn of the event loop while a new replica reads, in milliseconds. */
async function longestTurnMs(app, window) {
  const monitor = createMonitor({ app, redis: url, genaiPrices: false, logLevel: 'silent' });
  monitor.start();
  await reached(monitor);
  let longest = 0;
  let isReading = true;
  let [at, cpu] = [performance.now(), process.cpuUsage()];
  const look = () => {
    const [now, used] = [performance.now(), process.cpuUsage(cpu)];
    // Time in which another process had the processor is no work of ours.
    longest = Math.max(longest, Math.min(now - at, (used.user + used.system) / 1000));
    [at, cpu] = [now, process.cpuUsage()];
    if (isReading) setImmediate(look);
  };
  setImmediate(look);
  await monitor.reports.providers({ window });
  isReading = false;
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
