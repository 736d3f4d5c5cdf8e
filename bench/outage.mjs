/*
 * How long requests take while Redis is up, slow, silent and away: a Nest route in a process of its own, measured over a
 * Redis behind a network that can be made worse; the states take turns in rounds, beside the same route unmeasured.
 */
import { fork } from 'node:child_process';
import { Agent, get } from 'node:http';
import { connect, createServer } from 'node:net';
import { nextMessage } from './child.mjs';
import { startRedis } from './redis-server.mjs';
import { inRounds, median } from './rounds.mjs';

const states = ['up', 'slow', 'stalled', 'down'];
const slowMs = 200;
const connections = 4;
const pauseMs = 4;
/** What was under way must have come to its end or its time-out. */
const settleMs = 4000;

/** Measures requests. @returns {Promise<{values: object, ratios: object}>} */
export async function outage({ quick }) {
  const redis = await startRedis();
  const network = await startNetwork(redis.port);
  const measured = await startServer('nestmeter', network.port);
  const bare = await startServer('bare', network.port);
  let failed = 0;
  const measure = async (server, state) => {
    network.state = state;
    await pause(quick ? 0 : settleMs);
    const { latencies, failures } = await drive(server.url, quick ? 200 : 3000);
    failed += failures;
    return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), max: latencies.at(-1) };
  };
  // Long enough that everything a request runs through is compiled.
  for (const server of [bare, measured]) await drive(server.url, quick ? 100 : 4000);
  const contenders = { bare: () => measure(bare, 'up') };
  for (const state of states) contenders[state] = () => measure(measured, state);
  const figures = await inRounds(contenders, quick ? 1 : 5, (round, rounds) =>
    console.error(`outage: round ${round} of ${rounds}`),
  );
  for (const { child } of [measured, bare]) child.kill('SIGKILL');
  await network.stop();
  await redis.stop();
  if (failed > 0) throw new Error(`every request must be answered, got ${failed} failures`);
  const values = { failed_requests: failed };
  for (const [name, rounds] of Object.entries(figures))
    for (const figure of ['p50', 'p99', 'max'])
      values[`${name}_${figure}_ms`] = median(rounds.map((one) => one[figure]));
  const ratio = (state) => median(figures[state].map(({ p99 }, round) => p99 / figures.up[round].p99));
  return {
    values,
    ratios: Object.fromEntries([...states.slice(1), 'bare'].map((state) => [`${state}_p99_vs_up`, ratio(state)])),
  };
}

async function startServer(means, redisPort) {
  const child = fork(new URL('http-server.mjs', import.meta.url), [means, String(redisPort)]);
  const { port } = await nextMessage(child);
  return { child, url: `http://127.0.0.1:${port}/hello/7` };
}

/** Sends requests, one at a time on each connection. @returns milliseconds in order, and how many failed */
async function drive(url, amount) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies = [];
  let failures = 0;
  let left = amount;
  const one = async () => {
    while (left-- > 0) {
      const started = performance.now();
      if (!(await isAnswered(url, agent))) failures++;
      latencies.push(performance.now() - started);
      await pause(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  agent.destroy();
  return { latencies: latencies.toSorted((a, b) => a - b), failures };
}

function isAnswered(url, agent) {
  return new Promise((resolve) => {
    const request = get(url, { agent, timeout: 10_000 }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200));
    });
    request.once('error', () => resolve(false));
    request.once('timeout', () => request.destroy());
  });
}

/** A proxy before Redis whose `state` may be changed: it passes everything, delays it, keeps it for itself, or refuses. */
async function startNetwork(target) {
  const links = new Set();
  let state = 'up';
  const server = createServer((client) => {
    if (state === 'down') return client.resetAndDestroy();
    const upstream = connect(target, '127.0.0.1');
    const link = { client, upstream, held: [] };
    links.add(link);
    const pass = (from, to) => {
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        links.delete(link);
      });
      from.on('data', (data) => {
        if (state === 'stalled') link.held.push([to, data]);
        else if (state === 'slow') setTimeout(() => to.write(data), slowMs / 2);
        else to.write(data);
      });
    };
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    set state(next) {
      state = next;
      for (const link of links)
        if (state === 'down') link.client.resetAndDestroy();
        else if (state !== 'stalled') for (const [to, data] of link.held.splice(0)) to.write(data);
    },
    async stop() {
      for (const { client } of links) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The value below which a share of sorted numbers lies. */
function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
