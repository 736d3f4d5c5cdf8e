/*
 * Processor time of a bare Nest route per request, with Nestmeter on, over a real Redis and publishing, and with its
 * peers on the same route: each in a process of its own, driven by autocannon from this one with fixed numbers of
 * requests, in rounds.
 */
import { fork } from 'node:child_process';
import autocannon from 'autocannon';
import { ask, nextMessage } from './child.mjs';
import { startRedis } from './redis-server.mjs';
import { inRounds, median, medianRatio, spread } from './rounds.mjs';

const contenders = ['bare', 'nestmeter', 'express_prom_bundle', 'swagger_stats', 'redis_pipeline'];
const connections = 10;

/** Measures requests. @returns {Promise<{values: object, ratios: object}>} */
export async function http({ quick }) {
  const amount = quick ? 100 : 2000;
  const rounds = quick ? 1 : 4;
  // Two processes with the same code differ by up to 5 % for as long as they live, so that each batch has new ones.
  const batches = quick ? 1 : 10;
  const redis = await startRedis();
  const us = Object.fromEntries(contenders.map((means) => [means, []]));
  for (let batch = 0; batch < batches; batch++) {
    console.error(`http: batch ${batch + 1} of ${batches}`);
    const figures = await measureBatch(redis.port, { amount, rounds });
    for (const means of contenders) us[means].push(median(figures[means]));
  }
  await redis.stop();
  const vsBare = (means) => medianRatio(us[means], us.bare);
  return {
    values: {
      ...Object.fromEntries(contenders.map((means) => [`${means}_cpu_us_per_request`, median(us[means])])),
      bare_spread_percent: 100 * spread(us.bare),
    },
    ratios: {
      cpu_per_request_vs_bare: vsBare('nestmeter'),
      express_prom_bundle_cpu_per_request_vs_bare: vsBare('express_prom_bundle'),
      swagger_stats_cpu_per_request_vs_bare: vsBare('swagger_stats'),
      redis_pipeline_cpu_per_request_vs_bare: vsBare('redis_pipeline'),
    },
  };
}

/** Microseconds per request of every contender in every round, on servers started for this batch. */
async function measureBatch(redisPort, { amount, rounds }) {
  const servers = await Promise.all(contenders.map((means) => startServer(means, redisPort)));
  // Long enough that everything a request runs through is compiled.
  for (const server of servers) await drive(server, amount * 4);
  const measures = Object.fromEntries(servers.map((server) => [server.means, () => cpuPerRequestUs(server, amount)]));
  const figures = await inRounds(measures, rounds);
  for (const { child } of servers) child.kill('SIGKILL');
  return figures;
}

async function startServer(means, redisPort) {
  const child = fork(new URL('http-server.mjs', import.meta.url), [means, String(redisPort)]);
  const { port } = await nextMessage(child);
  return { means, child, url: `http://127.0.0.1:${port}/hello/7` };
}

/** Processor time of the server's process over a number of requests, in microseconds each. */
async function cpuPerRequestUs(server, amount) {
  const before = await cpuMs(server);
  await drive(server, amount);
  return (((await cpuMs(server)) - before) * 1000) / amount;
}

async function drive({ url, means }, amount) {
  const result = await autocannon({ url, amount, connections });
  if (result['2xx'] !== amount) throw new Error(`${means} must answer ${amount} requests, got ${result['2xx']}`);
}

async function cpuMs({ child }) {
  return (await ask(child, 'cpu')).cpuMs;
}
