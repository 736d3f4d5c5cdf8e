/*
 * What fleets of 1 to 100 replicas with 200 active series cost a Redis that holds 90 days, folded by the real keeper; how
 * long a report takes meanwhile, over 24 hours and 90 days; what keeping costs, and what the past takes in memory.
 *
 * Everything is one service: fleets come and go, and the keeper folds what each of them leaves. No peer: the curve is
 * what is compared.
 */
import { fork } from 'node:child_process';
import { ask, nextMessage } from './child.mjs';
import { foldedPast } from './folded-past.mjs';
import { startRedis } from './redis-server.mjs';
import { median } from './rounds.mjs';

const app = 'scale';
const fleets = [1, 3, 10, 30, 100];
/** Replicas of one process: on a machine with few cores a process for each would measure the machine. */
const perProcess = 25;
/** Scripts that take longer, in microseconds, are told by Redis one by one. */
const slowUs = 2000;

/** Measures the scale. @returns {Promise<{values: object, ratios: object}>} */
export async function scale({ quick }) {
  const redis = await startRedis();
  await redis.client.config('SET', 'slowlog-log-slower-than', slowUs, 'slowlog-max-len', '1000');
  const plan = quick
    ? { sizes: [1, 2], days: 1, pastReplicas: 1, warmSeconds: 0.2, seconds: 1, reads: 1 }
    : { sizes: fleets, days: 90, pastReplicas: 10, warmSeconds: 30, seconds: 40, reads: 7 };
  try {
    // Of a Redis that nobody uses; taken off what fleets cost.
    const idleCpuMs = await cpuMsPerSecond(redis, plan.seconds / 4);
    const { days, pastReplicas, reads } = plan;
    const values = await foldedPast(redis, { app, days, replicas: pastReplicas });
    progress('reading the past');
    Object.assign(values, named('providers_24h', await read(redis, '24h', reads)));
    Object.assign(values, named('providers_90d', await read(redis, `${days}d`, reads)));
    for (const size of plan.sizes) Object.assign(values, await curve(redis, size, plan, idleCpuMs));
    const largest = plan.sizes.at(-1);
    const ratio = (name) => values[`${name}_of_${largest}`] / values[`${name}_of_1`];
    return {
      values: { ...values, ...(await scriptPercentiles(redis)) },
      // Of the largest fleet ÷ of one replica: what a replica costs must not depend on how many there are.
      ratios: { redis_cpu_per_replica_vs_one: ratio('redis_cpu_ms_per_replica_second') },
    };
  } finally {
    await redis.stop();
  }
}

/** What a fleet costs once it runs and somebody keeps the store, per second; and a report of 24 h meanwhile. */
async function curve(redis, size, { warmSeconds, seconds, reads }, idleCpuMs) {
  progress(`${size} replicas start`);
  const keeper = fork(new URL('keeper-process.mjs', import.meta.url), [redis.url, app, 'keep']);
  await nextMessage(keeper);
  const processes = await Promise.all(
    partsOf(size).map(async (count) => {
      const child = fork(
        new URL('publish-fleet.mjs', import.meta.url),
        [redis.port, count, 'publish', app].map(String),
      );
      await nextMessage(child);
      return child;
    }),
  );
  await pause(warmSeconds * 1000);
  progress(`${size} replicas publish`);
  await redis.client.call('SLOWLOG', 'RESET');
  const before = await used(redis, processes, keeper);
  await pause(seconds * 1000);
  const after = await used(redis, processes, keeper);
  const perSecond = (name) => ((after[name] - before[name]) / (after.atMs - before.atMs)) * 1000;
  const redisCpuMs = perSecond('cpuMs') - idleCpuMs;
  const scriptMs = await longestScriptMs(redis);
  const day = await read(redis, '24h', reads);
  // Killed at last, since the next fleet must not find half of this one: all that it counted is final.
  await Promise.all(processes.map((child) => ask(child, 'stop')));
  for (const child of [...processes, keeper]) child.kill('SIGKILL');
  return {
    [`redis_cpu_ms_per_replica_second_of_${size}`]: redisCpuMs / size,
    [`redis_core_percent_of_${size}`]: redisCpuMs / 10,
    // On a machine that is short of processors less than 1: then the costs per second are too low, those of a publish not.
    [`publishes_per_replica_second_of_${size}`]: perSecond('publishes') / size,
    [`redis_cpu_ms_per_publish_of_${size}`]: redisCpuMs / perSecond('publishes'),
    [`received_kb_per_publish_of_${size}`]: perSecond('receivedBytes') / perSecond('publishes') / 1000,
    [`received_mb_per_second_of_${size}`]: perSecond('receivedBytes') / 1e6,
    [`sent_mb_per_second_of_${size}`]: perSecond('sentBytes') / 1e6,
    [`replica_cpu_ms_per_publish_of_${size}`]: perSecond('replicaCpuMs') / perSecond('publishes'),
    [`replica_cpu_percent_of_${size}`]: perSecond('replicaCpuMs') / 10 / size,
    [`keeper_cpu_percent_of_${size}`]: perSecond('keeperCpuMs') / 10,
    [`folded_per_second_of_${size}`]: perSecond('folded'),
    [`keeper_lag_ms_of_${size}`]: after.lagMs,
    [`longest_script_ms_of_${size}`]: scriptMs,
    [`providers_24h_cold_ms_of_${size}`]: day.coldMs,
    [`providers_24h_warm_ms_of_${size}`]: day.warmMs,
    [`providers_24h_warm_cpu_ms_of_${size}`]: day.warmCpuMs,
  };
}

async function used(redis, processes, keeper) {
  const replicaCpuMs = (await Promise.all(processes.map((child) => ask(child, 'cpu')))).map(({ cpuMs }) => cpuMs);
  const { cpuMs: keeperCpuMs, folded, lagMs } = await ask(keeper, 'told');
  const sum = replicaCpuMs.reduce((total, ms) => total + ms, 0);
  const publishes = await publishesBut(redis.client, keeper.pid);
  return {
    ...(await redis.usage()),
    publishes,
    replicaCpuMs: sum,
    keeperCpuMs,
    folded,
    lagMs,
    atMs: performance.now(),
  };
}

/** Publishes of all replicas so far, by the numbers of their beats; but for those of one process. */
async function publishesBut(client, pid) {
  const beats = await client.hvals(`{nm:${app}}:beats`);
  const own = beats.filter((beat) => !beat.includes(`"pid":${pid},`));
  return own.reduce((sum, beat) => sum + Number.parseInt(beat, 10), 0);
}

/** Reads before those that are measured: until then the compiler of a process that has just begun takes more than we do. */
const readsBefore = 3;

/** Medians of a report that replicas read which know nothing yet, and their second time. */
async function read(redis, window, times) {
  const reader = fork(new URL('query-reader.mjs', import.meta.url), [redis.url, app, window]);
  for (let time = 0; times > 1 && time < readsBefore; time++) await ask(reader, 'read');
  const readings = [];
  for (let time = 0; time < times; time++) readings.push(await ask(reader, 'read'));
  const turns = [];
  for (let time = 0; time < times; time++) turns.push(await ask(reader, 'turn'));
  reader.kill('SIGKILL');
  const of = (name) => median(readings.map((reading) => reading[name]));
  return {
    coldMs: of('coldMs'),
    coldCpuMs: of('coldCpuMs'),
    warmMs: of('warmMs'),
    warmCpuMs: of('warmCpuMs'),
    scriptMs: of('scriptMs'),
    turnMs: median(turns),
    leastTurnMs: Math.min(...turns),
  };
}

function named(name, { coldMs, coldCpuMs, warmMs, warmCpuMs, scriptMs, turnMs, leastTurnMs }) {
  return {
    [`${name}_cold_ms`]: coldMs,
    [`${name}_cold_cpu_ms`]: coldCpuMs,
    [`${name}_warm_ms`]: warmMs,
    [`${name}_warm_cpu_ms`]: warmCpuMs,
    [`${name}_longest_script_ms`]: scriptMs,
    [`${name}_longest_turn_ms`]: turnMs,
    [`${name}_longest_turn_of_the_best_read_ms`]: leastTurnMs,
  };
}

/** The longest of the scripts that took longer than 2 ms; 0 when none did. Wall time: noise of the machine is in it. */
async function longestScriptMs({ client }) {
  const slow = await client.call('SLOWLOG', 'GET', '1000');
  const scripts = slow.filter(([, , , [command]]) => /^evalsha$/i.test(command));
  return Math.max(0, ...scripts.map(([, , us]) => us / 1000));
}

async function scriptPercentiles({ client }) {
  const line = /^latency_percentiles_usec_evalsha:p50=([\d.]+),p99=([\d.]+),p99.9=([\d.]+)/m;
  const [, p50, p99, p999] = line.exec(await client.info('latencystats'));
  return { script_p50_ms: p50 / 1000, script_p99_ms: p99 / 1000, script_p99_9_ms: p999 / 1000 };
}

/** Processor milliseconds of Redis per second, over some seconds. */
async function cpuMsPerSecond(redis, seconds) {
  const [before, started] = [await redis.usage(), performance.now()];
  await pause(seconds * 1000);
  return (((await redis.usage()).cpuMs - before.cpuMs) / (performance.now() - started)) * 1000;
}

/** How many replicas each process has. */
function partsOf(size) {
  const parts = Array.from({ length: Math.ceil(size / perProcess) }, () => perProcess);
  parts[parts.length - 1] = size - perProcess * (parts.length - 1);
  return parts;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const progress = (text) => console.error(`scale: ${text}`);
