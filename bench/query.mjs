/*
 * How long /performance/providers takes over 24 hours and 90 days of ten replicas in a real Redis: cold (nothing known
 * yet) and warm (the second time), with the longest script and the longest time the event loop stood still; against
 * reading one hash per series and slot.
 */
import { createMonitor } from '../libs/nestmeter/dist/core.js';
import { readFromHashes, writeHashes } from './hash-per-series.mjs';
import { writeHistory } from './history.mjs';
import { startRedis } from './redis-server.mjs';
import { inRounds, median, medianRatio } from './rounds.mjs';
import { activeSeries, llmSeries } from './series-load.mjs';

const replicas = 10;

/** Measures reading. @returns {Promise<{values: object, ratios: object}>} */
export async function query({ quick }) {
  const redis = await startRedis();
  try {
    return await measure(redis, quick ? 1 : 9, quick ? 1 : 90);
  } finally {
    await redis.stop();
  }
}

async function measure(redis, rounds, days) {
  const write = (app, series) => writeHistory({ client: redis.client, app, series, replicas, days });
  console.error('query: writing the past');
  const slots = await write('service', activeSeries());
  await write('gateway', llmSeries(200));
  await writeHashes(redis.client, slots.filter(inOneDay), llmSeries(30));
  const firstMs = (await read(redis, 'service', '24h')).coldMs;
  const read24 = [];
  const readLong = [];
  const readWide = [];
  const take = (list, app, window) => async () => {
    const reading = await read(redis, app, window);
    list.push(reading);
    return reading.coldMs;
  };
  const figures = await inRounds(
    {
      day: take(read24, 'service', '24h'),
      quarter: take(readLong, 'service', `${days}d`),
      wide: take(readWide, 'gateway', '24h'),
      dayTurn: () => longestTurnMs(redis, 'service', '24h'),
      quarterTurn: () => longestTurnMs(redis, 'service', `${days}d`),
      wideTurn: () => longestTurnMs(redis, 'gateway', '24h'),
      hashes: () => readFromHashes(redis.client, slots.filter(inOneDay), llmSeries(30)),
    },
    rounds,
    (round) => console.error(`query: round ${round} of ${rounds}`),
  );
  const of = (readings, figure) => median(readings.map((reading) => reading[figure]));
  const all = [...read24, ...readLong, ...readWide];
  return {
    values: {
      providers_24h_first_ms: firstMs,
      providers_24h_cold_ms: median(figures.day),
      providers_24h_warm_ms: of(read24, 'warmMs'),
      providers_90d_cold_ms: median(figures.quarter),
      providers_90d_warm_ms: of(readLong, 'warmMs'),
      providers_24h_200_llm_series_cold_ms: median(figures.wide),
      providers_24h_200_llm_series_warm_ms: of(readWide, 'warmMs'),
      hash_per_series_24h_ms: median(figures.hashes),
      longest_script_ms: Math.max(...all.map((reading) => reading.scriptMs)),
      longest_block_24h_ms: median(figures.dayTurn),
      longest_block_90d_ms: median(figures.quarterTurn),
      longest_block_24h_200_llm_series_ms: median(figures.wideTurn),
    },
    ratios: { providers_24h_cold_vs_hash_per_series: medianRatio(figures.day, figures.hashes) },
  };
}

/** Asks a new replica twice: nothing is known to it the first time. */
async function read(redis, app, window) {
  const monitor = createMonitor({ app, redis: redis.url, genaiPrices: false, logLevel: 'silent' });
  monitor.start();
  await reached(monitor);
  await redis.client.call('SLOWLOG', 'RESET');
  const [answer, coldMs] = await timed(() => monitor.reports.providers({ window }));
  if (answer.providers_count === 0) throw new Error('the past must be found, got no provider');
  const [, warmMs] = await timed(() => monitor.reports.providers({ window }));
  const scripts = await redis.client.call('SLOWLOG', 'GET', '1000');
  const scriptMs = Math.max(0, ...scripts.map(([, , us]) => us / 1000));
  await monitor.stop();
  return { coldMs, warmMs, scriptMs };
}

/** The longest turn of the event loop while a new replica reads, in milliseconds. */
async function longestTurnMs(redis, app, window) {
  const monitor = createMonitor({ app, redis: redis.url, genaiPrices: false, logLevel: 'silent' });
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

/** Whether a slot belongs to a read of 24 h: of ours some more, for the last half hour come from finer tiers. */
function inOneDay({ family, tier, start }) {
  return family === 'llm' && tier.slotSeconds === 1800 && start >= Date.now() / 1000 - 86_400;
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
