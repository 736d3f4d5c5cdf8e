import { multiplierUnit, type Rates } from './rates.js';

/*
 * What changes the price of a call beside its tokens: the tier that served it, its speed and the region of its inference.
 * One table says which names mean the list price, one which factors a provider publishes for all of its models.
 */

/**
 * Names of tiers and speeds by the spellings of providers, in lower case. What is not here stays as the provider spells it.
 * Capacity that was paid for beforehand is `provisioned` and valued at the list price.
 */
const spellings: ReadonlyMap<string, string> = new Map([
  // OpenAI and those that copy it, Bedrock: `default`; Anthropic, Gemini: `standard`; Groq: `on_demand`; Vertex: `ON_DEMAND`.
  ...spelt('standard', 'default', 'auto', 'on_demand', 'unspecified', 'traffic_type_unspecified'),
  // OpenAI: `scale`; Bedrock: `reserved`; Vertex: `PROVISIONED_THROUGHPUT`.
  ...spelt('provisioned', 'provisioned_throughput', 'scale', 'reserved'),
  ...spelt('batch'),
  ...spelt('flex', 'on_demand_flex'),
  ...spelt('priority', 'on_demand_priority'),
  ...spelt('offpeak', 'on_demand_offpeak'),
  ...spelt('fast'),
]);

function spelt(name: string, ...others: readonly string[]): [string, string][] {
  return [name, ...others].map((spelling) => [spelling, name]);
}

/** Tiers and speeds that cost the list price, unless the price itself names them. */
const listPriced: ReadonlySet<string> = new Set(['standard', 'provisioned']);

/** What Anthropic says instead of a region where inference may run anywhere, or where the model cannot choose. */
const everywhere: ReadonlySet<string> = new Set(['global', 'not_available']);

/** Longer names are no provider's. */
const longestName = 64;

/** The name of a tier or speed that prices go by, for any spelling; `standard` is the list price. */
export function tierName(spelling: string): string {
  const known = spellings.get(spelling);
  if (known !== undefined) return known;
  const lower = folded(spelling);
  return spellings.get(lower) ?? lower;
}

/** In lower case; one character more than any name has is left, so that hostile ones match none. */
function folded(name: unknown): string {
  return typeof name === 'string' ? name.slice(0, longestName + 1).toLowerCase() : '';
}

/** Factors by the name of a tier or speed, and by the region in lower case, in ten-thousandths. */
export type Factors = Pick<Rates, 'multipliers' | 'regions'>;

/**
 * Factors that a provider publishes for all of its models, read in November 2026. They hold for rates of genai-prices,
 * which have none. Left out is what differs from model to model (priority, fast mode), what does not hold for cached tokens
 * (batch and flex of Google), and what only a reseller says.
 */
const published = [
  // Half of every kind of token: https://platform.claude.com/docs/en/build-with-claude/batch-processing
  { provider: 'anthropic', multiplier: 'batch', factor: 5000 },
  // Every kind of token; older models cannot choose: https://platform.claude.com/docs/en/about-claude/pricing
  { provider: 'anthropic', region: 'us', factor: 11_000 },
  // Half: https://developers.openai.com/api/docs/guides/batch
  { provider: 'openai', multiplier: 'batch', factor: 5000 },
  // Batch rates, cached tokens too: https://developers.openai.com/api/docs/guides/flex-processing
  { provider: 'openai', multiplier: 'flex', factor: 5000 },
  // The on-demand price: https://console.groq.com/docs/flex-processing
  { provider: 'groq', multiplier: 'flex', factor: 10_000 },
] as const satisfies readonly ({ provider: string; factor: number } & ({ multiplier: string } | { region: string }))[];

const publishedByProvider = new Map<string, { multipliers: Map<string, number>; regions: Map<string, number> }>();
for (const row of published) {
  const factors = publishedByProvider.get(row.provider) ?? { multipliers: new Map(), regions: new Map() };
  if ('region' in row) factors.regions.set(row.region, row.factor);
  else factors.multipliers.set(row.multiplier, row.factor);
  publishedByProvider.set(row.provider, factors);
}

/** No factors: only the list price is known. */
export const noFactors: Factors = { multipliers: new Map(), regions: new Map() };

/** What a provider publishes for all of its models. @param provider as genai-prices spells it */
export function publishedFactors(provider: string): Factors {
  return publishedByProvider.get(provider) ?? noFactors;
}

/** How a call was served, in the provider's words; what is not given is the standard. */
export interface Service {
  readonly serviceTier?: string | undefined;
  readonly speed?: string | undefined;
  readonly region?: string | undefined;
}

/** The exact factor of a call's price: a fraction, reduced so that costs stay small integers. */
export interface Modifier {
  readonly numerator: number;
  readonly denominator: number;
  /** What applied, joined by `+`; null is the list price. */
  readonly name: string | null;
}

const unmodified: Modifier = { numerator: 1, denominator: 1, name: null };

/**
 * The factor of a call's price, or null if it was served in a way whose factor nobody knows. All factors that apply are
 * multiplied. The denominator is at most 10^12; the numerator is no safe integer if the factor is past 9007.
 */
export function modifierOf({ serviceTier, speed, region }: Service, factors: Factors): Modifier | null {
  let modifier: Modifier | null = unmodified;
  let tier: string | null = null;
  if (serviceTier != null) {
    tier = tierName(serviceTier);
    modifier = modified(modifier, tier, factors.multipliers, listPriced);
  }
  if (speed != null && modifier !== null) {
    const name = tierName(speed);
    // Who says it twice means it once.
    if (name !== tier) modifier = modified(modifier, name, factors.multipliers, listPriced);
  }
  if (region != null && modifier !== null) modifier = modified(modifier, folded(region), factors.regions, everywhere);
  return modifier;
}

function modified(
  before: Modifier,
  name: string,
  factors: ReadonlyMap<string, number>,
  free: ReadonlySet<string>,
): Modifier | null {
  const factor = factors.get(name);
  if (factor === undefined) return free.has(name) ? before : null;
  const common = greatestCommonDivisor(factor, multiplierUnit);
  return {
    numerator: before.numerator * (factor / common),
    denominator: before.denominator * (multiplierUnit / common),
    name: before.name === null ? name : `${before.name}+${name}`,
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
