/*
 * What recording costs the thread that calls it, in nanoseconds per call; against prom-client recording the same facts.
 * Handles and labels go round over 30 series, as calls of a service do.
 */
import { Counter, Histogram, Registry } from 'prom-client';
import { endpointFamily } from '../libs/nestmeter/dist/accumulate/families.js';
import { llmFamily } from '../libs/nestmeter/dist/accumulate/llm-family.js';
import { Accumulator } from '../libs/nestmeter/dist/accumulate/accumulator.js';
import { StoreClock, systemClock } from '../libs/nestmeter/dist/clock.js';
import { createMonitor } from '../libs/nestmeter/dist/core.js';
import { countCall } from '../libs/nestmeter/dist/record/llm-facts.js';
import { defaultTiers } from '../libs/nestmeter/dist/time-slot.js';
import { callFacts, llmLabels, random } from './load.mjs';
import { median, medianRatio, nanosecondsPerCall } from './rounds.mjs';

const seriesCount = 30;
const factCount = 1024;

/** OpenTelemetry's advised bounds, in seconds and in tokens; /metrics exposes the same. */
const callBounds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const tokenBounds = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];
const requestBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Measures recording. @returns {Promise<{values: object, ratios: object}>} */
export async function record({ quick }) {
  const rounds = quick ? 5 : 101;
  const facts = Array.from({ length: factCount }, callFacts);
  const labels = Array.from({ length: seriesCount }, (_, number) => llmLabels(number));
  const routes = Array.from({ length: seriesCount }, (_, number) => `/chat/${number}/:id`);
  const durations = Array.from({ length: factCount }, () => random() * 200);
  const monitor = createMonitor({ app: 'bench', genaiPrices: false, logLevel: 'silent' });
  monitor.start();
  const ns = await nanosecondsPerCall(
    {
      llm: llmOnHandle(labels, facts),
      llmByHand: llmByHand(monitor, labels, facts),
      llmPromClient: llmThroughPromClient(labels, facts),
      endpoint: endpoint(monitor, routes),
      endpointOnHandle: endpointOnHandle(routes, durations),
      endpointPromClient: observeRequest(routes, durations),
      operation: (number) => monitor.track('answer', () => number),
    },
    rounds,
  );
  await monitor.stop();
  return {
    values: {
      llm_record_ns: median(ns.llm),
      llm_record_by_hand_ns: median(ns.llmByHand),
      llm_prom_client_ns: median(ns.llmPromClient),
      endpoint_record_ns: median(ns.endpoint),
      endpoint_record_on_handle_ns: median(ns.endpointOnHandle),
      endpoint_prom_client_observe_ns: median(ns.endpointPromClient),
      operation_record_ns: median(ns.operation),
    },
    ratios: {
      llm_record_vs_prom_client: medianRatio(ns.llm, ns.llmPromClient),
      llm_record_by_hand_vs_prom_client: medianRatio(ns.llmByHand, ns.llmPromClient),
      endpoint_record_vs_prom_client: medianRatio(ns.endpoint, ns.endpointPromClient),
    },
  };
}

/** A decorated method: the handle is resolved, the call is counted completely, the clock is read once. */
function llmOnHandle(labels, facts) {
  const accumulator = new Accumulator(new StoreClock(systemClock), defaultTiers);
  const handles = labels.map(({ provider, model, operation }) =>
    accumulator.series(llmFamily, [provider, model, operation]),
  );
  return (number) => {
    const state = handles[number % seriesCount].open(systemClock.monotonicMs());
    countCall(state, facts[number % factCount]);
  };
}

/** By hand: checked, looked up, priced as reported, counted. */
function llmByHand(monitor, labels, facts) {
  return (number) => {
    const { provider, model, operation } = labels[number % seriesCount];
    const { answer, cost, durationMs, timeToFirstTokenMs } = facts[number % factCount];
    monitor.recordLLMCall({
      provider,
      model,
      operation,
      durationMs,
      timeToFirstTokenMs,
      streamed: true,
      inputTokens: answer.inputTokens,
      outputTokens: answer.outputTokens,
      cachedInputTokens: answer.cachedInputTokens,
      cacheWriteTokens: answer.cacheWriteTokens,
      reasoningTokens: answer.reasoningTokens,
      costUsd: cost.totalNanoUsd / 1e9,
    });
  };
}

/** The same facts in as few metrics as hold them: sums of the token histograms are the token counts. */
function llmThroughPromClient(labels, facts) {
  const labelNames = ['provider', 'model', 'operation'];
  const registers = [new Registry()];
  const options = (name, more = []) => ({ name, help: name, labelNames: [...labelNames, ...more], registers });
  const duration = new Histogram({ ...options('duration_seconds', ['outcome']), buckets: callBounds });
  const firstToken = new Histogram({ ...options('time_to_first_token_seconds'), buckets: callBounds });
  const usage = new Histogram({ ...options('token_usage', ['type']), buckets: tokenBounds });
  const subsets = new Counter(options('token_subsets', ['type']));
  const cost = new Counter(options('cost_usd'));
  return (number) => {
    const { provider, model, operation } = labels[number % seriesCount];
    const { answer, cost: spent, durationMs, timeToFirstTokenMs, outcome } = facts[number % factCount];
    duration.observe({ provider, model, operation, outcome }, durationMs / 1000);
    firstToken.observe({ provider, model, operation }, timeToFirstTokenMs / 1000);
    usage.observe({ provider, model, operation, type: 'input' }, answer.inputTokens);
    usage.observe({ provider, model, operation, type: 'output' }, answer.outputTokens);
    subsets.inc({ provider, model, operation, type: 'cached' }, answer.cachedInputTokens);
    subsets.inc({ provider, model, operation, type: 'cache_write' }, answer.cacheWriteTokens);
    subsets.inc({ provider, model, operation, type: 'reasoning' }, answer.reasoningTokens);
    cost.inc({ provider, model, operation }, spent.totalNanoUsd / 1e9);
  };
}

/** A request as an edge of a framework records it: begun, then ended with route, status and sizes. */
function endpoint(monitor, routes) {
  const { http } = monitor;
  return (number) => {
    const path = routes[number % seriesCount];
    const request = http.begin({ method: 'POST', path, requestBytes: 512, userAgent: 'bench' });
    request.end({ route: path, status: 200, responseBytes: 2048, aborted: false });
  };
}

/** The arithmetic alone of one request. */
function endpointOnHandle(routes, durations) {
  const accumulator = new Accumulator(new StoreClock(systemClock), defaultTiers);
  const handles = routes.map((route) => accumulator.series(endpointFamily, ['POST', route]));
  const { counter, distribution, tally } = endpointFamily;
  return (number) => {
    const state = handles[number % seriesCount].open(systemClock.monotonicMs());
    state.count(counter.requests);
    state.count(counter.successes);
    state.count(counter.apdex_satisfied);
    state.count(counter.request_bytes, 512);
    state.count(counter.response_bytes, 2048);
    state.record(distribution.success_duration, durations[number % factCount]);
    state.tallyUp(tally.status_codes, '200');
  };
}

/** One observe with the labels that a request has: nothing else of what ours counts. */
function observeRequest(routes, durations) {
  const histogram = new Histogram({
    name: 'request_seconds',
    help: 'request_seconds',
    labelNames: ['method', 'route', 'status'],
    buckets: requestBounds,
    registers: [new Registry()],
  });
  return (number) =>
    histogram.observe(
      { method: 'POST', route: routes[number % seriesCount], status: 200 },
      durations[number % factCount] / 1000,
    );
}
