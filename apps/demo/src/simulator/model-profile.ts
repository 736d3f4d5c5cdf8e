/** How a simulated model behaves. Milliseconds are shorter than the real models' so that a demo page moves. */
export interface ModelProfile {
  /** Median time until the first token. */
  readonly firstTokenMs: number;
  /** Output tokens per second after the first. */
  readonly tokensPerSecond: number;
  /** Median of the output tokens that can be seen. */
  readonly outputTokens: number;
  /** Median of the reasoning tokens on top; 0 for a model that does not reason. */
  readonly reasoningTokens: number;
  /** Share of requests whose prompt is partly read from the provider's cache. */
  readonly cachedShare: number;
}

/** The models on offer by provider. The fine-tune is in no price list, so its calls show as unpriced. */
export const MODEL_PROFILES = {
  openai: {
    'gpt-4o-mini': { firstTokenMs: 220, tokensPerSecond: 150, outputTokens: 60, reasoningTokens: 0, cachedShare: 0.3 },
    'gpt-4.1': { firstTokenMs: 380, tokensPerSecond: 120, outputTokens: 75, reasoningTokens: 0, cachedShare: 0.4 },
    'ft:acme-support-2': {
      firstTokenMs: 300,
      tokensPerSecond: 130,
      outputTokens: 50,
      reasoningTokens: 0,
      cachedShare: 0,
    },
  },
  anthropic: {
    'claude-haiku-4-5': {
      firstTokenMs: 250,
      tokensPerSecond: 170,
      outputTokens: 60,
      reasoningTokens: 0,
      cachedShare: 0.35,
    },
    'claude-sonnet-4-6': {
      firstTokenMs: 450,
      tokensPerSecond: 160,
      outputTokens: 70,
      reasoningTokens: 40,
      cachedShare: 0.5,
    },
  },
} satisfies Record<string, Record<string, ModelProfile>>;

export type Provider = keyof typeof MODEL_PROFILES;

const OTHER_MODEL: ModelProfile = {
  firstTokenMs: 300,
  tokensPerSecond: 120,
  outputTokens: 60,
  reasoningTokens: 0,
  cachedShare: 0,
};

/** The profile of a model; the simulator answers under any name, so an unknown one gets an average profile. */
export function modelProfile(provider: Provider, model: string): ModelProfile {
  const models: Record<string, ModelProfile> = MODEL_PROFILES[provider];
  return Object.hasOwn(models, model) ? models[model]! : OTHER_MODEL;
}
