/*
 * 90 days of a service, counted by several replicas and folded and sealed by the real keeper in a process of its own; a
 * part of the scale bench.
 */
import { fork } from 'node:child_process';
import { nextMessage } from './child.mjs';
import { writeHistory } from './history.mjs';
import { activeSeries } from './series-load.mjs';

/** Writes the past of some replicas, folds it, and says what that took and what it takes in memory. */
export async function foldedPast(redis, { app, days, replicas }) {
  const { client } = redis;
  const emptyBytes = await usedBytes(client);
  console.error(`scale: writing ${days} days of ${replicas} replicas`);
  const slots = await writeHistory({
    client,
    app,
    series: activeSeries(),
    replicas: replicas,
    days,
    unfolded: true,
  });
  await writeHistory({ client, app: 'day', series: activeSeries(), replicas: replicas, days: 1, unfolded: true });
  const [dayBytes, unfoldedBytes] = [await bytesOf(client, 'day'), (await usedBytes(client)) - emptyBytes];
  console.error('scale: folding');
  const before = await redis.usage();
  const folding = await untilDone(redis, app, 'fold');
  const redisCpuMs = (await redis.usage()).cpuMs - before.cpuMs;
  const turning = await untilDone(redis, 'day', 'turn');
  await clear(client, 'day');
  const foldedBytes = (await usedBytes(client)) - emptyBytes;
  await addMarks(client, app, 100 - replicas);
  return {
    redis_mb_90d_unfolded: (unfoldedBytes - dayBytes) / 1e6,
    redis_mb_90d_folded: foldedBytes / 1e6,
    redis_mb_90d_folded_of_100: ((await usedBytes(client)) - emptyBytes) / 1e6,
    keeper_cpu_ms_per_slot: folding.cpuMs / slots.length,
    keeper_redis_cpu_ms_per_slot: redisCpuMs / slots.length,
    longest_keeper_turn_ms: turning.longestTurnMs,
  };
}

/** A keeper of its own process, until nothing is left to fold and to seal. */
async function untilDone(redis, name, mode) {
  const keeper = fork(new URL('keeper-process.mjs', import.meta.url), [redis.url, name, mode]);
  const done = await nextMessage(keeper);
  keeper.kill('SIGKILL');
  // The lease of who was killed runs out by itself; the next one need not wait for it.
  await redis.client.hdel(`{nm:${name}}:control`, 'lease');
  return done;
}

/** Adds the marks that further replicas would have left in slots that still take writes. */
async function addMarks(client, app, replicas) {
  for (const name of await client.hkeys(`{nm:${app}}:index`)) {
    const slot = `{nm:${app}}:${name}`;
    if (!name.includes(':') || (await client.hexists(slot, 'z')) === 1) continue;
    const marks = Array.from({ length: replicas }, (_, number) => [`m:1${String(number).padStart(23, '0')}.0`, '1000']);
    await client.hset(slot, ...marks.flat());
  }
}

async function clear(client, name) {
  for (const key of await client.keys(`{nm:${name}}:*`)) await client.del(key);
}

async function bytesOf(client, name) {
  let bytes = 0;
  for (const key of await client.keys(`{nm:${name}}:*`)) bytes += await client.memory('USAGE', key, 'SAMPLES', '0');
  return bytes;
}

async function usedBytes(client) {
  return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))[1]);
}
