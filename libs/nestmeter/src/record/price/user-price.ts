import { z } from 'zod';
import { invalidOption } from '../../errors.js';
import { readDecimal } from '../../money.js';
import { tierName } from './price-modifier.js';
import { completeRates, rateDigits, type GivenRates, type Rates, type TokenRates } from './rates.js';

/**
 * The largest rate: 100,000 USD per million tokens. It keeps a rate in pico-USD per token below 2^37 and finds prices
 * that were given per token or in another currency's smallest unit.
 */
const maxPerMillion = 100_000;

const perMillionSchema = z.union([
  z.number().min(0).max(maxPerMillion),
  z.string().regex(/^\d{1,5}(\.\d{1,6})?$|^100000(\.0{1,6})?$/, {
    error: `must be a decimal from 0 to ${maxPerMillion} with at most six decimal places, such as '0.15'`,
  }),
]);

const multiplierSchema = z.union([
  z.number().min(0).max(100),
  z.string().regex(/^\d{1,2}(\.\d{1,4})?$|^100(\.0{1,4})?$/, {
    error: "must be a factor from 0 to 100 with at most four decimal places, such as '0.5'",
  }),
]);

/** Factors by name; at most 16. */
function factorsOf(areDistinct: (names: string[]) => boolean) {
  return z
    .record(z.string().min(1).max(64), multiplierSchema)
    .refine((factors) => Object.keys(factors).length <= 16, 'must be at most 16 factors')
    .refine(
      (factors) => areDistinct(Object.keys(factors)),
      'must be factors that each name another tier or region, none of them the standard tier',
    );
}

function isSet(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

const cacheRateShape = {
  cachedInputPerMillion: perMillionSchema.optional(),
  cacheWritePerMillion: perMillionSchema.optional(),
  cacheWrite1hPerMillion: perMillionSchema.optional(),
  reasoningPerMillion: perMillionSchema.optional(),
};

const tierSchema = z.strictObject({
  /** The tier applies to the whole request when its input is above this many tokens. */
  aboveInputTokens: z.int().min(1),
  inputPerMillion: perMillionSchema.optional(),
  outputPerMillion: perMillionSchema.optional(),
  ...cacheRateShape,
});

const priceShape = {
  inputPerMillion: perMillionSchema,
  outputPerMillion: perMillionSchema.optional(),
  ...cacheRateShape,
  tiers: z.array(tierSchema).max(16).optional(),
  /** By tier or speed: batch, flex, priority, fast, offpeak, provisioned, or what else the provider says. */
  multipliers: factorsOf((names) => isSet(names.map(tierName)) && !names.map(tierName).includes('standard')).optional(),
  /** By region of inference, such as us. */
  regions: factorsOf((names) => isSet(names.map((name) => name.toLowerCase()))).optional(),
  from: z.union([z.number().min(0), z.iso.date(), z.iso.datetime({ offset: true })]).optional(),
};

const nameSchema = z.string().min(1).max(256);

const listedPriceSchema = z.strictObject({ provider: nameSchema.optional(), model: nameSchema, ...priceShape });

/**
 * The schema of the option `prices`: a list of prices that name their model, or a record of provider → model → price,
 * where the provider `*` is any. At most 10,000 prices.
 */
export const pricesSchema = z.union([
  z.array(listedPriceSchema).max(10_000),
  z.record(nameSchema, z.record(nameSchema, z.strictObject(priceShape))),
]);

/**
 * The option `prices`. All rates are in USD per million tokens, as numbers (read to six decimal places) or decimal
 * strings; a model is an exact name, which also covers its dated releases (`gpt-4o` covers `gpt-4o-2024-08-06`), or a
 * prefix with a trailing `*`. Rates that are left out follow from the others: see `completeRates`; in a tier they are
 * those of the price. `multipliers` and `regions` are factors of the whole price; a call that was served at a tier, a speed
 * or in a region that neither is the standard nor has a factor here is unpriced. `from` (ISO 8601 or Unix seconds) is when
 * the price takes effect: the latest that has wins.
 */
export type PricesOption = z.input<typeof pricesSchema>;

/** One price of the option in its listed form. */
export type ListedPrice = z.input<typeof listedPriceSchema>;

/** A price that a user gave, ready for matching. */
export interface UserPrice {
  /** Null is any provider. */
  readonly provider: string | null;
  /** The exact name, or the prefix without its `*`. */
  readonly model: string;
  readonly isPrefix: boolean;
  /** Unix milliseconds from which the price holds. */
  readonly fromMs: number;
  readonly rates: Rates;
}

/**
 * Makes the prices of the option ready for matching, the most specific first: exact names before dated releases before
 * prefixes, longer names before shorter ones, with a provider before without, later `from` before earlier, and of equals
 * the one that was given last. Takes what `pricesSchema` has checked.
 */
export function userPrices(option: PricesOption): readonly UserPrice[] {
  const listed = Array.isArray(option)
    ? option
    : Object.entries(option).flatMap(([provider, models]) =>
        Object.entries(models).map(([model, price]) => ({
          ...price,
          model,
          ...(provider === '*' ? {} : { provider }),
        })),
      );
  return listed.map(readPrice).reverse().sort(bySpecificity);
}

/** Whether a price is for this provider and model; the effective date is not looked at. */
export function covers(price: UserPrice, provider: string, model: string): boolean {
  if (price.provider !== null && price.provider !== provider) return false;
  if (!model.startsWith(price.model)) return false;
  return price.isPrefix || datedRelease.test(model.slice(price.model.length));
}

/** Nothing, or what providers append for a dated release: `-2024-08-06`, `-20250514`, `@20250514`. */
const datedRelease = /^$|^[-@]\d{4}-?\d{2}-?\d{2}$/;

function bySpecificity(a: UserPrice, b: UserPrice): number {
  return (
    Number(a.isPrefix) - Number(b.isPrefix) ||
    b.model.length - a.model.length ||
    Number(a.provider === null) - Number(b.provider === null) ||
    b.fromMs - a.fromMs
  );
}

function readPrice(price: ListedPrice): UserPrice {
  const isPrefix = price.model.endsWith('*');
  const given: GivenRates = { ...givenRates(price), input: toInteger(price.inputPerMillion, rateDigits) };
  const tiers = (price.tiers ?? []).map((tier) => ({
    aboveInputTokens: tier.aboveInputTokens,
    rates: completeRates({ ...given, ...givenRates(tier) }),
  }));
  return {
    provider: price.provider ?? null,
    model: isPrefix ? price.model.slice(0, -1) : price.model,
    isPrefix,
    fromMs: typeof price.from === 'string' ? Date.parse(price.from) : (price.from ?? 0) * 1000,
    rates: {
      source: 'user',
      base: completeRates(given),
      tiers: tiers.sort((a, b) => a.aboveInputTokens - b.aboveInputTokens),
      multipliers: factorMap(price.multipliers, tierName),
      regions: factorMap(price.regions, (region) => region.toLowerCase()),
      perRequestPicoUsd: 0,
    },
  };
}

/** Decimal places of a factor in the unit of the multipliers, `multiplierUnit`. */
const multiplierDigits = 4;

function factorMap(factors: ListedPrice['multipliers'], name: (given: string) => string): Map<string, number> {
  return new Map(
    Object.entries(factors ?? {}).map(([given, factor]) => [name(given), toInteger(factor, multiplierDigits)]),
  );
}

/** Which field of the option is which rate. */
const rateFields = [
  ['inputPerMillion', 'input'],
  ['outputPerMillion', 'output'],
  ['cachedInputPerMillion', 'cachedInput'],
  ['cacheWritePerMillion', 'cacheWrite'],
  ['cacheWrite1hPerMillion', 'cacheWrite1h'],
  ['reasoningPerMillion', 'reasoning'],
] as const;

/** Only what the price names, so that a tier may be spread over the rates of its price. */
function givenRates(price: ListedPrice | z.input<typeof tierSchema>): Partial<Record<keyof TokenRates, number>> {
  const rates: Partial<Record<keyof TokenRates, number>> = {};
  for (const [field, rate] of rateFields) {
    const value = price[field];
    if (value !== undefined) rates[rate] = toInteger(value, rateDigits);
  }
  return rates;
}

/** The schema has checked bounds and format; a price that slipped past it must not become free. */
function toInteger(value: number | string, digits: number): number {
  const integer = readDecimal(value, digits);
  if (integer === null) throw invalidOption([{ path: 'prices', rule: 'made of decimals from 0', got: value }]);
  return Number(integer);
}
