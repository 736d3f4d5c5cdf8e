import { genaiRates, importGenaiPrices, type GenaiPrices } from './genai-rates.js';
import { aliasMap, type ModelAliases } from './model-aliases.js';
import type { Rates } from './rates.js';
import { covers, userPrices, type PricesOption, type UserPrice } from './user-price.js';

/** What a price table is made from. */
export interface PriceTableOptions {
  /** The user's prices, as `pricesSchema` has checked them; they win over every other source. Default none. */
  readonly prices?: PricesOption | undefined;
  /** Names that are priced as another model, as `modelAliasesSchema` has checked them. Default none. */
  readonly modelAliases?: ModelAliases | undefined;
  /** Loads the second source; null is none. Default: the peer `@pydantic/genai-prices`, if it is installed. */
  readonly importGenaiPrices?: (() => Promise<GenaiPrices | null>) | null | undefined;
}

/**
 * Rates are looked up as of the start of this span of wall time, so that every replica prices a moment alike, and are
 * kept for as long. The package has prices by time of day; all of them change at multiples of five minutes.
 */
const spanMs = 5 * 60_000;

/** Models kept; past it all are forgotten at once, which costs a few lookups of up to 60 µs. */
const maxModels = 1000;

/**
 * Who knows what a model costs: the user's prices, then the optional peer `@pydantic/genai-prices`.
 *
 * Loading the peer is asynchronous: `ready()` at the start of the monitor begins it. A call that ends before may find
 * null where it would have a price a moment later. So whoever gets null while `settled` is false does not count the
 * call as unpriced but awaits `ready()` (it never rejects) and looks up again, with the time of the call.
 */
export class PriceTable {
  readonly #userPrices: readonly UserPrice[];
  readonly #aliases: ReadonlyMap<string, ReadonlyMap<string, string>>;
  #import: (() => Promise<GenaiPrices | null>) | null;
  #loading: Promise<void> | null = null;
  #genaiPrices: GenaiPrices | null = null;
  #settled: boolean;
  #loadError: unknown = null;
  #models = new Map<string, Map<string, KnownModel>>();
  #modelCount = 0;

  constructor(options: PriceTableOptions = {}) {
    this.#userPrices = userPrices(options.prices ?? []);
    this.#aliases = aliasMap(options.modelAliases ?? {});
    this.#import = options.importGenaiPrices === undefined ? importGenaiPrices : options.importGenaiPrices;
    this.#settled = this.#import === null;
  }

  /** Whether every source has been loaded, or found missing, so that null means that nobody knows the model. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Why the second source could not be loaded although it is there; null if it was, or is missing. For a warning. */
  get loadError(): unknown {
    return this.#loadError;
  }

  /** Loads the second source at the first call; resolves when `settled`. Never rejects. */
  ready(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /**
   * The rates of a model that was asked for, at a point in time, or null if no source knows the model (see `settled`). An
   * alias of the name takes its place. Names are compared as they are. About 0.1 µs for a model of the last five minutes.
   *
   * @param atMs Unix milliseconds of the call
   */
  lookup(provider: string, model: string, atMs: number): Rates | null {
    return this.#lookup(provider, this.#alias(provider, model) ?? model, atMs);
  }

  /** The same for the model that answered: a price of its own wins over its alias. */
  lookupAnswered(provider: string, model: string, atMs: number): Rates | null {
    const own = this.#lookup(provider, model, atMs);
    // While a source is missing, nobody knows whether the model has a price of its own.
    if (own !== null || !this.#settled) return own;
    const alias = this.#alias(provider, model);
    return alias === undefined ? null : this.#lookup(provider, alias, atMs);
  }

  #alias(provider: string, model: string): string | undefined {
    return this.#aliases.size === 0 ? undefined : this.#aliases.get(provider)?.get(model);
  }

  #lookup(provider: string, model: string, atMs: number): Rates | null {
    const known = this.#models.get(provider)?.get(model) ?? this.#remember(provider, model);
    for (const price of known.userPrices) {
      if (price.fromMs <= atMs) return price.rates;
    }
    if (this.#genaiPrices === null) return null;
    const span = Math.floor(atMs / spanMs);
    if (known.span !== span) {
      known.span = span;
      known.genaiRates = genaiRates(this.#genaiPrices, provider, model, span * spanMs);
    }
    return known.genaiRates;
  }

  #remember(provider: string, model: string): KnownModel {
    if (this.#modelCount >= maxModels) {
      this.#models.clear();
      this.#modelCount = 0;
    }
    const known: KnownModel = {
      userPrices: this.#userPrices.filter((price) => covers(price, provider, model)),
      span: null,
      genaiRates: null,
    };
    const models = this.#models.get(provider) ?? new Map<string, KnownModel>();
    models.set(model, known);
    this.#models.set(provider, models);
    this.#modelCount++;
    return known;
  }

  async #load(): Promise<void> {
    try {
      this.#genaiPrices = this.#import === null ? null : await this.#import();
    } catch (error) {
      this.#loadError = error;
    } finally {
      this.#import = null;
      this.#settled = true;
    }
  }
}

interface KnownModel {
  /** Those that cover the model, the most specific first; which one holds depends on the time. */
  readonly userPrices: readonly UserPrice[];
  /** The span of time that `genaiRates` was looked up for. */
  span: number | null;
  genaiRates: Rates | null;
}
