/*
 * How long /performance/providers takes over 24 hours and 90 days of ten replicas in a real Redis: cold (nothing known
 * yet) and warm (the second time), with the longest script and the longest time the event loop stood still; against
 * reading one hash per series and slot.
 */
import { fork } from 'node:child_process';
import { readFromHashes, writeHashes } from './hash-per-series.mjs';
import { writeHistory } from './history.mjs';
import { startRedis } from './redis-server.mjs';
import { inRounds, median, medianRatio } from './rounds.mjs';
import { activeSeries, llmSeries } from './series-load.mjs';

const replicas = 10;

/** Measures reading. @returns {Promise<{values: object, ratios: object}>} */
export async function query({ quick }) {
  const redis = await startRedis();
  const reader = fork(new URL('query-reader.mjs', import.meta.url), [redis.url]);
  try {
    return await measure(redis, reader, { rounds: quick ? 1 : 11, days: quick ? 1 : 90 });
  } finally {
    reader.kill('SIGKILL');
    await redis.stop();
  }
}

async function measure(redis, reader, { rounds, days }) {
  const write = (app, series) => writeHistory({ client: redis.client, app, series, replicas, days });
  console.error('query: writing the past');
  const slots = await write('service', activeSeries());
  await write('gateway', llmSeries(200));
  await writeHashes(redis.client, slots.filter(inOneDay), llmSeries(30));
  const ask = (app, window, what = 'read') => asked(reader, { app, window, what });
  const firstMs = (await ask('service', '24h')).coldMs;
  const read24 = [];
  const readLong = [];
  const readWide = [];
  const take = (list, app, window) => async () => {
    const reading = await ask(app, window);
    list.push(reading);
    return reading.coldMs;
  };
  const figures = await inRounds(
    {
      day: take(read24, 'service', '24h'),
      quarter: take(readLong, 'service', `${days}d`),
      wide: take(readWide, 'gateway', '24h'),
      dayTurn: () => ask('service', '24h', 'turn'),
      quarterTurn: () => ask('service', `${days}d`, 'turn'),
      wideTurn: () => ask('gateway', '24h', 'turn'),
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

/** The answer of the process that reads. */
function asked(reader, question) {
  return new Promise((resolve, reject) => {
    reader.once('message', resolve);
    reader.once('exit', (code) => reject(new Error(`the reader must go on, got exit ${code}`)));
    reader.send(question);
  });
}

/** Whether a slot belongs to a read of 24 h: of ours some more, for the last half hour come from finer tiers. */
function inOneDay({ family, tier, start }) {
  return family === 'llm' && tier.slotSeconds === 1800 && start >= Date.now() / 1000 - 86_400;
}
