/*
 * The load that the benches simulate: values spread as those of real services are (lognormal latencies and token
 * counts), from one seed, so that runs can be compared.
 */

let state = 0x9e3779b9;

/** Uniform in [0, 1), the same in every run. */
export function random() {
  // mulberry32
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

/** A lognormal value with the given median; sigma 0.6 spreads 5 % … 95 % over a factor of seven. */
export function lognormal(middle, sigma = 0.6) {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return middle * Math.exp(sigma * normal);
}

const providers = ['openai', 'anthropic', 'mistral'];

/** Provider, model and operation of one of many series of LLM calls. */
export function llmLabels(number) {
  const provider = providers[number % providers.length];
  return { provider, model: `${provider}-model-${Math.floor(number / providers.length)}`, operation: 'chat' };
}

/** All that is known of a streamed LLM call that completed; see `LLMFacts` in record/llm-facts.ts. */
export function callFacts() {
  const inputTokens = Math.round(lognormal(900, 0.9));
  const outputTokens = Math.round(lognormal(300, 0.7));
  const timeToFirstTokenMs = lognormal(400, 0.4);
  const inputNanoUsd = inputTokens * 2500;
  const outputNanoUsd = outputTokens * 10_000;
  return {
    outcome: 'completed',
    durationMs: timeToFirstTokenMs + lognormal(2000),
    streamed: true,
    timeToFirstTokenMs,
    answer: {
      inputTokens,
      outputTokens,
      cachedInputTokens: inputTokens >> 1,
      cacheWriteTokens: inputTokens >> 3,
      reasoningTokens: outputTokens >> 2,
    },
    cost: {
      priced: true,
      inputNanoUsd,
      outputNanoUsd,
      cacheReadNanoUsd: inputTokens * 250,
      cacheWriteNanoUsd: inputTokens * 300,
      totalNanoUsd: inputNanoUsd + outputNanoUsd + inputTokens * 550,
      pricingTier: 'standard',
      priceSource: 'user',
    },
    nested: false,
  };
}
