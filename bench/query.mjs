/*
 * How long /performance/providers takes over 24 hours and 90 days of ten replicas in a real Redis: cold (nothing known
 * yet) and warm (the second time), with the longest script and the longest time the event loop stood still; against
 * reading one hash per series and slot.
 */
import { fork } from 'node:child_process';
import { ask } from './child.mjs';
import { readFromHashes, writeHashes } from './hash-per-series.mjs';
import { writeHistory } from './history.mjs';
import { startRedis } from './redis-server.mjs';
import { inRounds, median, medianRatio } from './rounds.mjs';
import { activeSeries, llmSeries } from './series-load.mjs';

const replicas = 10;

/** Measures reading. @returns {Promise<{values: object, ratios: object}>} */
export async function query({ quick }) {
  const redis = await startRedis();
  await redis.client.config('SET', 'slowlog-log-slower-than', '0', 'slowlog-max-len', '1000');
  const days = quick ? 1 : 90;
  const reads = {
    day: ['service', '24h'],
    folded: ['folded', '24h'],
    quarter: ['service', `${days}d`],
    wide: ['gateway', '24h'],
  };
  // A process for each, so that no read pays for the garbage of another.
  const readers = Object.values(reads).map(([app, window]) =>
    fork(new URL('query-reader.mjs', import.meta.url), [redis.url, app, window]),
  );
  try {
    return await measure(redis, readers, { rounds: quick ? 1 : 11, days });
  } finally {
    for (const reader of readers) reader.kill('SIGKILL');
    await redis.stop();
  }
}

async function measure(redis, [day, folded, quarter, wide], { rounds, days }) {
  const { client } = redis;
  const write = (app, series) => writeHistory({ client, app, series, replicas, days });
  console.error('query: writing the past');
  const slots = await write('service', activeSeries());
  await write('gateway', llmSeries(200));
  // What folding will make of it: one state for each slot, with the counts of all replicas.
  await writeHistory({ client, app: 'folded', series: llmSeries(30), replicas: 1, days: 1, eventsFactor: replicas });
  await writeHashes(client, slots.filter(inOneDay), llmSeries(30));
  const readings = { day: [], folded: [], quarter: [], wide: [] };
  const read = (name, reader) => async () => {
    const reading = await ask(reader, 'read');
    readings[name].push(reading);
    return reading.coldMs;
  };
  const firstMs = (await ask(day, 'read')).coldMs;
  const figures = await inRounds(
    {
      day: read('day', day),
      folded: read('folded', folded),
      quarter: read('quarter', quarter),
      wide: read('wide', wide),
      dayTurn: () => ask(day, 'turn'),
      quarterTurn: () => ask(quarter, 'turn'),
      wideTurn: () => ask(wide, 'turn'),
      hashes: () => readFromHashes(client, slots.filter(inOneDay), llmSeries(30)),
    },
    rounds,
    (round) => console.error(`query: round ${round} of ${rounds}`),
  );
  const of = (name, figure) => median(readings[name].map((reading) => reading[figure]));
  return {
    values: {
      providers_24h_first_ms: firstMs,
      providers_24h_cold_ms: median(figures.day),
      providers_24h_cold_cpu_ms: of('day', 'coldCpuMs'),
      providers_24h_warm_ms: of('day', 'warmMs'),
      providers_24h_folded_cold_ms: median(figures.folded),
      providers_90d_cold_ms: median(figures.quarter),
      providers_90d_warm_ms: of('quarter', 'warmMs'),
      providers_24h_200_llm_series_cold_ms: median(figures.wide),
      providers_24h_200_llm_series_warm_ms: of('wide', 'warmMs'),
      hash_per_series_24h_ms: median(figures.hashes),
      longest_script_ms: Math.max(...Object.keys(readings).map((name) => of(name, 'scriptMs'))),
      longest_block_24h_ms: median(figures.dayTurn),
      longest_block_90d_ms: median(figures.quarterTurn),
      longest_block_24h_200_llm_series_ms: median(figures.wideTurn),
    },
    ratios: { providers_24h_cold_vs_hash_per_series: medianRatio(figures.day, figures.hashes) },
  };
}

/** Whether a slot belongs to a read of 24 h: of ours some more, for the last half hour come from finer tiers. */
function inOneDay({ family, tier, start }) {
  return family === 'llm' && tier.slotSeconds === 1800 && start >= Date.now() / 1000 - 86_400;
}
