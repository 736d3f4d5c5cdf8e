import { isNotInstalled } from '../../errors.js';
import { readDecimal } from '../../money.js';
import { type Factors, publishedFactors } from './price-modifier.js';
import { completeRates, rateDigits, type GivenRates, type RateTier, type Rates, type TokenRates } from './rates.js';

/** What is used of the optional peer `@pydantic/genai-prices`: its rates, never its float arithmetic. */
export interface GenaiPrices {
  calcPrice(
    usage: Record<string, number | undefined>,
    model: string,
    options: { providerId: string; timestamp: Date },
  ): { readonly model_price: Readonly<Record<string, unknown>> } | null;
}

/** Imports the peer, or answers null where it is not installed; rejects where it is and cannot be loaded. The import blocks for about 70 ms, once. */
export async function importGenaiPrices(): Promise<GenaiPrices | null> {
  let imported: unknown;
  try {
    imported = await import('@pydantic/genai-prices');
  } catch (error) {
    if (isNotInstalled(error, '@pydantic/genai-prices')) return null;
    throw error;
  }
  return imported as GenaiPrices;
}

/** Our provider names (those of OpenTelemetry) where the package has another, or would match another provider. */
const providerIds: ReadonlyMap<string, string> = new Map([
  ['x_ai', 'x-ai'],
  ['azure.ai.openai', 'azure'],
  ['azure.ai.inference', 'azure'],
  ['azure-openai', 'azure'],
  ['azure_openai', 'azure'],
  ['gcp.gen_ai', 'google'],
]);

/** Our rate → the package's key for it. */
const rateKeys = {
  input: 'input_mtok',
  output: 'output_mtok',
  cachedInput: 'cache_read_mtok',
  cacheWrite: 'cache_write_mtok',
  cacheWrite1h: 'cache_write_1h_mtok',
  reasoning: 'output_reasoning_mtok',
} as const satisfies Record<keyof TokenRates, string>;

const rateNames = Object.keys(rateKeys) as (keyof TokenRates)[];

/** Decimal places of USD per thousand requests in pico-USD per request. */
const perThousandDigits = 9;

/** Names longer than this are no model's; they are not searched for. */
const maxNameLength = 256;

/**
 * The package's rates of a model at one time, or null if it does not know the model or has no price per input token.
 * Prices of what the normal form does not count (audio, images, searches) are left out. Costs up to 60 µs: keep the
 * answer. Never throws.
 */
export function genaiRates(prices: GenaiPrices, provider: string, model: string, atMs: number): Rates | null {
  if (provider.length > maxNameLength || model.length > maxNameLength) return null;
  try {
    const providerId = providerIds.get(provider) ?? provider;
    const found = prices.calcPrice({}, model, { providerId, timestamp: new Date(atMs) });
    return found === null ? null : readRates(found.model_price, publishedFactors(providerId));
  } catch {
    return null;
  }
}

/** The package gives each rate tiers of its own; here every tier holds all rates, so the bounds are united. */
function readRates(price: Readonly<Record<string, unknown>>, { multipliers, regions }: Factors): Rates | null {
  const base = ratesAbove(price, -1);
  if (base === null) return null;
  const bounds = new Set(rateNames.flatMap((name) => tiersOf(price[rateKeys[name]]).map((tier) => tier.start)));
  const tiers: RateTier[] = [];
  for (const aboveInputTokens of [...bounds].sort((a, b) => a - b)) {
    const rates = ratesAbove(price, aboveInputTokens);
    if (rates !== null) tiers.push({ aboveInputTokens, rates });
  }
  const perRequest = price['requests_kcount'];
  return {
    source: 'genai-prices',
    base,
    tiers,
    multipliers,
    regions,
    perRequestPicoUsd: (perRequest === undefined ? null : readRate(perRequest, perThousandDigits)) ?? 0,
  };
}

/** The rates of a request whose input is just above `start`; -1 is below every tier. */
function ratesAbove(price: Readonly<Record<string, unknown>>, start: number): TokenRates | null {
  const given: Partial<Record<keyof TokenRates, number>> = {};
  for (const name of rateNames) {
    const value = price[rateKeys[name]];
    const tier = tiersOf(value).findLast((candidate) => candidate.start <= start);
    const rate = readRate(tier?.price ?? (isTiered(value) ? value.base : value), rateDigits);
    if (rate !== null) given[name] = rate;
  }
  const { input } = given;
  return input === undefined ? null : completeRates({ ...given, input } satisfies GivenRates);
}

interface TieredPrice {
  readonly base: unknown;
  readonly tiers: readonly { readonly start: number; readonly price: unknown }[];
}

function tiersOf(value: unknown): TieredPrice['tiers'] {
  return isTiered(value) ? [...value.tiers].sort((a, b) => a.start - b.start) : [];
}

function isTiered(value: unknown): value is TieredPrice {
  return typeof value === 'object' && value !== null && 'tiers' in value && Array.isArray(value.tiers);
}

function readRate(value: unknown, digits: number): number | null {
  const rate = readDecimal(value, digits);
  return rate === null || rate > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(rate);
}
