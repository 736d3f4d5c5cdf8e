/*
 * 200 active series as a service with LLM providers has them: 30 of LLM calls with five distributions each, and 170
 * endpoints, operations, components, stages, caches, queues and events.
 */
import {
  cacheFamily,
  componentFamily,
  endpointFamily,
  eventFamily,
  operationFamily,
  queueFamily,
  stageFamily,
} from '../libs/nestmeter/dist/accumulate/families.js';
import { llmFamily } from '../libs/nestmeter/dist/accumulate/llm-family.js';
import { countCall } from '../libs/nestmeter/dist/record/llm-facts.js';
import { callFacts, llmLabels, lognormal, random } from './load.mjs';

/** Made beforehand, so that making values is no part of what is measured. */
const facts = Array.from({ length: 2048 }, callFacts);
const durations = Array.from({ length: 4096 }, () => lognormal(80, 0.8));
const one = (pool) => pool[Math.floor(random() * pool.length)];

/** Family, how many series of it, their labels, and how one event of it is counted. */
const kinds = [
  { family: llmFamily, count: 30, labels: llmNames, event: (state) => countCall(state, one(facts)) },
  { family: endpointFamily, count: 40, labels: (number) => ['POST', `/chat/${number}/:id`], event: request },
  { family: operationFamily, count: 40, labels: (number) => [`Service${number}.answer`], event: trackedCall },
  { family: componentFamily, count: 50, labels: componentNames, event: component },
  { family: stageFamily, count: 10, labels: (number) => [`stage-${number}`], event: stage },
  { family: cacheFamily, count: 8, labels: (number) => [`cache-${number}`], event: lookup },
  {
    family: eventFamily,
    count: 17,
    labels: (number) => [`type-${number % 4}`, `part-${number}`, 'run'],
    event: happening,
  },
  { family: queueFamily, count: 5, labels: (number) => [`queue-${number}`], level: depth },
];

/**
 * The 200 series: family, label values, and `count(handle, nowMs)`, which counts one event of the series.
 *
 * @param times so many times 200
 */
export function activeSeries(times = 1) {
  return kinds.flatMap(({ family, count, labels, event, level = null }) =>
    Array.from({ length: count * times }, (_, number) => ({
      family,
      labels: labels(number),
      count: level ?? ((handle, nowMs) => event(handle.open(nowMs))),
    })),
  );
}

/** Series of LLM calls alone, as many as asked for. */
export function llmSeries(count) {
  const event = (handle, nowMs) => countCall(handle.open(nowMs), one(facts));
  return Array.from({ length: count }, (_, number) => ({ family: llmFamily, labels: llmNames(number), count: event }));
}

function llmNames(number) {
  const { provider, model, operation } = llmLabels(number);
  return [provider, model, operation];
}

function componentNames(number) {
  return [`Service${Math.floor(number / 4)}.answer`, ['embedding', 'search', 'rerank', 'llm.openai'][number % 4]];
}

function request(state) {
  const { counter, distribution, tally } = endpointFamily;
  const failed = random() < 0.03;
  state.count(counter.requests);
  state.count(failed ? counter.server_errors : counter.successes);
  if (!failed) state.count(counter.apdex_satisfied);
  state.count(counter.request_bytes, 512);
  state.count(counter.response_bytes, 2048);
  state.count(counter.llm_calls);
  state.count(counter.input_tokens, 900);
  state.count(counter.output_tokens, 300);
  state.count(counter.cost_nano_usd, 5_000_000);
  state.count(counter.provider_wait_us, 60_000);
  state.record(failed ? distribution.failure_duration : distribution.success_duration, one(durations));
  state.tallyUp(tally.status_codes, failed ? '500' : '200');
  if (failed) state.tallyUp(tally.errors, 'server_error');
}

function trackedCall(state) {
  const { counter, distribution } = operationFamily;
  state.count(counter.calls);
  state.count(counter.successes);
  state.count(counter.own_us, 20_000);
  state.record(distribution.success_duration, one(durations));
}

function component(state) {
  const { counter, distribution } = componentFamily;
  state.count(counter.calls);
  state.count(counter.covered_us, 20_000);
  state.record(distribution.duration, one(durations));
}

function stage(state) {
  const { counter, distribution } = stageFamily;
  state.count(counter.successes);
  state.count(counter.tokens, 300);
  state.count(counter.runs_with_tokens);
  state.record(distribution.success_duration, one(durations));
}

function lookup(state) {
  const { hits, misses } = cacheFamily.counter;
  state.count(random() < 0.7 ? hits : misses);
}

function happening(state) {
  state.count(eventFamily.counter.events);
  state.record(eventFamily.distribution.duration, one(durations));
}

function depth(handle, nowMs) {
  handle.setLevel(queueFamily.gauge.depth, Math.floor(random() * 50), nowMs);
}
