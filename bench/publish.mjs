/*
 * What publishing costs Redis and the replicas: fleets of 1 to 100 replicas with 200 active series each, over a real
 * Redis; against adding the same counts with HINCRBY. Processor time is what the processes say of themselves.
 */
import { fork } from 'node:child_process';
import { ask, nextMessage } from './child.mjs';
import { startRedis } from './redis-server.mjs';
import { median } from './rounds.mjs';

const fleets = [1, 3, 10, 30, 100];
/** Replicas of the fleets that are compared with the peer and with publishing nothing. */
const compared = 3;

/** Measures publishing. @returns {Promise<{values: object, ratios: object}>} */
export async function publish({ quick }) {
  // Whole finest slots of 10 s: what happens once in each is met as often as in a long run.
  const seconds = quick ? 1 : 10;
  const rounds = quick ? 1 : 5;
  const sizes = quick ? [1, 2] : fleets;
  const idleCpuMs = await idle(quick ? 0.5 : 5);
  const values = {};
  let largest = null;
  for (const replicas of sizes) {
    progress(`${replicas} replicas publish`);
    largest = await measure(replicas, 'publish', seconds, idleCpuMs);
    values[`redis_cpu_ms_per_replica_second_of_${replicas}`] = largest.redisCpuMs / replicas;
  }
  const turns = {};
  for (const mode of ['publish', 'nothing']) {
    progress(`the longest turn of a replica, publishing: ${mode}`);
    turns[mode] = await turnOf(mode, quick ? 1 : 30);
  }
  const runs = { publish: [], nothing: [], increment: [] };
  for (let round = 0; round < rounds; round++)
    for (const mode of Object.keys(runs)) {
      progress(`round ${round + 1} of ${rounds}: ${mode}`);
      runs[mode].push(await measure(compared, mode, seconds, idleCpuMs));
    }
  const each = (mode, figure) => runs[mode].map((run) => run[figure] / compared);
  const publishing = each('publish', 'redisCpuMs');
  const incrementing = each('increment', 'redisCpuMs');
  const working = each('publish', 'replicaCpuMs').map((ms, round) => ms - each('nothing', 'replicaCpuMs')[round]);
  // 100 replicas, or what a quick run has instead.
  const share = 100 / sizes.at(-1);
  return {
    values: {
      redis_cpu_ms_per_replica_second: median(publishing),
      ...values,
      redis_core_share_100_replicas: (largest.redisCpuMs * share) / 1000,
      mb_per_second_100_replicas: (largest.receivedBytes * share) / 1e6,
      publishes_per_replica_second: largest.calls / sizes.at(-1),
      bytes_per_replica_second: median(each('publish', 'receivedBytes')),
      replica_cpu_percent: median(working) / 10,
      longest_turn_ms: turns.publish,
      longest_turn_without_publishing_ms: turns.nothing,
      increments_redis_cpu_ms_per_replica_second: median(incrementing),
    },
    ratios: { redis_cpu_vs_increments: median(publishing.map((ms, round) => ms / incrementing[round])) },
  };
}

/** Processor milliseconds per second of a Redis that nobody uses; taken off everything measured. */
async function idle(seconds) {
  const redis = await startRedis();
  const used = await during(redis, seconds);
  await redis.stop();
  return used.redisCpuMs;
}

/** What a fleet costs per second, once it runs. */
async function measure(replicas, mode, seconds, idleCpuMs) {
  const redis = await startRedis();
  const fleet = fork(new URL('publish-fleet.mjs', import.meta.url), [redis.port, replicas, mode].map(String));
  await nextMessage(fleet);
  await pause(seconds > 5 ? 3000 : 200);
  const used = await during(redis, seconds, fleet);
  fleet.kill('SIGKILL');
  await redis.stop();
  return { ...used, redisCpuMs: used.redisCpuMs - idleCpuMs };
}

/** The longest turn of the event loop of one replica, in which slots of 10 s end, in milliseconds. */
async function turnOf(mode, seconds) {
  const redis = await startRedis();
  const replica = fork(new URL('publish-fleet.mjs', import.meta.url), [redis.port, 1, mode].map(String));
  await nextMessage(replica);
  // Compiling is over then.
  await pause(seconds * 500);
  await ask(replica, 'look');
  await pause(seconds * 1000);
  const { longestTurnMs } = await ask(replica, 'looked');
  replica.kill('SIGKILL');
  await redis.stop();
  return longestTurnMs;
}

async function during(redis, seconds, fleet = null) {
  const [before, cpuBefore, started] = [await redis.usage(), await cpuOf(fleet), performance.now()];
  await pause(seconds * 1000);
  const [after, cpuAfter, elapsed] = [await redis.usage(), await cpuOf(fleet), performance.now() - started];
  const perSecond = (name) => ((after[name] - before[name]) / elapsed) * 1000;
  return {
    redisCpuMs: perSecond('cpuMs'),
    receivedBytes: perSecond('receivedBytes'),
    calls: perSecond('scripts'),
    replicaCpuMs: ((cpuAfter - cpuBefore) / elapsed) * 1000,
  };
}

async function cpuOf(fleet) {
  return fleet === null ? 0 : (await ask(fleet, 'cpu')).cpuMs;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const progress = (text) => console.error(`publish: ${text}`);
