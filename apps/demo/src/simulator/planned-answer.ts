import type { SeededRandom } from '../seeded-random.js';
import { type Fault, type KnownAnswer, readKnownAnswer } from './known-answer.js';
import { modelProfile, type Provider } from './model-profile.js';

/** A chat request as both wire formats carry it. */
export interface SimulatedRequest {
  readonly model: string;
  /** The last message of the user. */
  readonly message: string;
  readonly stream: boolean;
  /** Whether the SDK sends it again after a failure. */
  readonly isRetry: boolean;
}

/** Everything that is decided about an answer before its first byte. */
export interface PlannedAnswer {
  readonly model: string;
  /** The text in the pieces in which it is streamed. */
  readonly chunks: readonly string[];
  /** Input includes both cache counts, output includes reasoning. */
  readonly usage: {
    readonly input: number;
    readonly cached: number;
    readonly cacheWrite: number;
    readonly output: number;
    readonly reasoning: number;
  };
  readonly firstTokenMs: number;
  readonly betweenChunksMs: number;
  readonly fault: Fault | null;
}

const FAULT_WEIGHTS: Record<Fault, number> = {
  rate_limit: 40,
  server_error: 25,
  overloaded: 15,
  stream_error: 12,
  hang: 8,
};
/** Outages last: a request sent again within a second mostly meets the fault again, else retries would hide all of them. */
const FAULT_LASTS = 0.7;
const SYSTEM_PROMPT_TOKENS = 420;
const TOKENS_PER_CHUNK = 5;
const MAX_CHUNKS = 60;
const WORDS = 'Thanks for asking. The order left our warehouse this morning, and it should reach you within two days. '
  .trim()
  .split(' ');

/** Plans the answer to a request: exactly what its message orders, or a draw from the model's profile. */
export function planAnswer(
  provider: Provider,
  request: SimulatedRequest,
  errorShare: number,
  random: SeededRandom,
): PlannedAnswer {
  const known = readKnownAnswer(request.message);
  return known ? knownPlan(request, known) : drawnPlan(provider, request, errorShare, random);
}

function knownPlan({ model }: SimulatedRequest, known: KnownAnswer): PlannedAnswer {
  return {
    model,
    chunks: text(known.out - known.reasoning),
    usage: {
      input: known.in,
      cached: known.cached,
      cacheWrite: known.write,
      output: known.out,
      reasoning: known.reasoning,
    },
    firstTokenMs: known.ms,
    betweenChunksMs: 0,
    fault: known.fail ?? null,
  };
}

function drawnPlan(
  provider: Provider,
  { model, message, isRetry }: SimulatedRequest,
  errorShare: number,
  random: SeededRandom,
): PlannedAnswer {
  const profile = modelProfile(provider, model);
  const faultShare = isRetry && errorShare > 0 ? Math.max(errorShare, FAULT_LASTS) : errorShare;
  const fault = random.chance(faultShare) ? random.weighted(FAULT_WEIGHTS) : null;
  const input = SYSTEM_PROMPT_TOKENS + Math.ceil(message.length / 4) + Math.round(random.lognormal(180, 0.8));
  const cached = random.chance(profile.cachedShare) ? Math.floor(input * random.between(0.4, 0.85)) : 0;
  // Only Anthropic bills for writing to its cache; it writes where it could not read.
  const writes = provider === 'anthropic' && cached === 0 && random.chance(0.25);
  const seen = Math.max(1, Math.round(random.lognormal(profile.outputTokens, 0.4)));
  const reasoning = profile.reasoningTokens && Math.round(random.lognormal(profile.reasoningTokens, 0.5));
  const chunks = text(seen);
  return {
    model,
    chunks,
    usage: { input, cached, cacheWrite: writes ? SYSTEM_PROMPT_TOKENS : 0, output: seen + reasoning, reasoning },
    firstTokenMs: random.lognormal(profile.firstTokenMs + (reasoning / profile.tokensPerSecond) * 1000, 0.35),
    betweenChunksMs: ((seen / profile.tokensPerSecond) * 1000) / chunks.length,
    fault,
  };
}

/** A text of about so many tokens, in chunks; the same number always gives the same text. */
function text(tokens: number): string[] {
  const chunks = Math.min(MAX_CHUNKS, Math.ceil(tokens / TOKENS_PER_CHUNK));
  return Array.from({ length: chunks }, (_, at) => `${WORDS[at % WORDS.length]!} `);
}
