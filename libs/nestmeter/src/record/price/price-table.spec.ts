import type { GenaiPrices } from './genai-rates.js';
import { PriceTable } from './price-table.js';

const fiveMinutes = 5 * 60_000;
const now = Date.parse('2026-06-01T12:00:00Z');

/** A source that counts how often it is asked and prices by the minute of the hour. */
class CountingPrices implements GenaiPrices {
  asked = 0;

  calcPrice(
    _usage: object,
    model: string,
    { timestamp }: { timestamp: Date },
  ): { model_price: Record<string, unknown> } | null {
    this.asked++;
    return model.startsWith('unknown') ? null : { model_price: { input_mtok: 1 + timestamp.getUTCMinutes() } };
  }
}

async function readyTable(prices: GenaiPrices): Promise<PriceTable> {
  const table = new PriceTable({ importGenaiPrices: async () => prices });
  await table.ready();
  return table;
}

describe('a price table', () => {
  it('asks the prices of the user first', async () => {
    const table = new PriceTable({
      prices: { openai: { 'gpt-4o': { inputPerMillion: 9, outputPerMillion: 9 } } },
    });
    await table.ready();
    expect(table.lookup('openai', 'gpt-4o', now)).toMatchObject({ source: 'user', base: { input: 9_000_000 } });
    expect(table.lookup('openai', 'gpt-4o-mini', now)).toMatchObject({
      source: 'genai-prices',
      base: { input: 150_000, output: 600_000, cachedInput: 75_000 },
    });
  });

  it('falls back to the second source before a price of the user takes effect', async () => {
    const table = new PriceTable({
      prices: [{ model: 'm', inputPerMillion: 9, from: '2026-07-01' }],
      importGenaiPrices: async () => new CountingPrices(),
    });
    await table.ready();
    expect(table.lookup('p', 'm', now)?.source).toBe('genai-prices');
    expect(table.lookup('p', 'm', Date.parse('2026-07-01'))?.source).toBe('user');
  });

  it('knows no unknown model, never at price 0', async () => {
    const table = new PriceTable();
    await table.ready();
    expect(table.lookup('openai', 'gpt-of-the-future', now)).toBeNull();
    expect(table.lookup('__proto__', 'constructor', now)).toBeNull();
  });

  it('finds a model after loading that it did not know before', async () => {
    const table = new PriceTable({ importGenaiPrices: async () => new CountingPrices() });
    expect(table.lookup('p', 'm', now)).toBeNull();
    expect(table.settled).toBe(false);
    await table.ready();
    expect(table.settled).toBe(true);
    expect(table.lookup('p', 'm', now)).not.toBeNull();
  });

  it('loads once, however often it is asked to', async () => {
    let loads = 0;
    const table = new PriceTable({
      importGenaiPrices: async () => {
        loads++;
        return null;
      },
    });
    await Promise.all([table.ready(), table.ready()]);
    await table.ready();
    expect(loads).toBe(1);
  });

  it('does without a second source that is missing, or not wanted', async () => {
    const missing = new PriceTable({ importGenaiPrices: async () => null });
    await missing.ready();
    expect(missing.lookup('openai', 'gpt-4o', now)).toBeNull();

    const unwanted = new PriceTable({ importGenaiPrices: null });
    expect(unwanted.settled).toBe(true);
    await unwanted.ready();
    expect(unwanted.lookup('openai', 'gpt-4o', now)).toBeNull();
  });

  it('is ready, and keeps the error, when the second source cannot be loaded', async () => {
    const broken = new Error('broken');
    const table = new PriceTable({
      importGenaiPrices: () => Promise.reject(broken),
    });
    await table.ready();
    expect(table.loadError).toBe(broken);
    expect(table.settled).toBe(true);
    expect(table.lookup('openai', 'gpt-4o', now)).toBeNull();
  });
});

describe('a price that changes', () => {
  it.each([
    ['o3', '2025-06-09T23:59:59.999Z', 10_000_000],
    ['o3', '2025-06-10T00:00:00.000Z', 2_000_000],
  ])('is that of genai-prices from its start on: %s at %s', async (model, at, input) => {
    const table = new PriceTable();
    await table.ready();
    expect(table.lookup('openai', model, Date.parse(at))?.base.input).toBe(input);
  });

  it.each([
    ['2025-06-01T16:29:59.999Z', 270_000],
    ['2025-06-01T16:30:00.000Z', 135_000],
    ['2025-06-02T00:29:59.999Z', 135_000],
    ['2025-06-02T00:30:00.000Z', 270_000],
  ])('by the time of day is that of genai-prices at its time: %s', async (at, input) => {
    const table = new PriceTable();
    await table.ready();
    expect(table.lookup('deepseek', 'deepseek-chat', Date.parse(at))?.base.input).toBe(input);
  });
});

describe('the alias of a model', () => {
  const modelAliases = { azure: { 'chat-prod': 'gpt-4o', 'gpt-4': 'gpt-4o', spare: 'chat-prod' } };
  const prices = { azure: { 'gpt-4o': { inputPerMillion: 2.5 }, 'gpt-4': { inputPerMillion: 30 } } };

  it('is priced in its place, for its provider only', () => {
    const table = new PriceTable({ prices, modelAliases, importGenaiPrices: null });
    expect(table.lookup('azure', 'chat-prod', now)?.base.input).toBe(2_500_000);
    expect(table.lookup('openai', 'chat-prod', now)).toBeNull();
  });

  it('wins over a price that the name would have', () => {
    const table = new PriceTable({ prices, modelAliases, importGenaiPrices: null });
    expect(table.lookup('azure', 'gpt-4', now)?.base.input).toBe(2_500_000);
  });

  it('gives way to a price of the model that answered', () => {
    const table = new PriceTable({ prices, modelAliases, importGenaiPrices: null });
    expect(table.lookupAnswered('azure', 'gpt-4', now)?.base.input).toBe(30_000_000);
    expect(table.lookupAnswered('azure', 'chat-prod', now)?.base.input).toBe(2_500_000);
    expect(table.lookupAnswered('azure', 'nobody', now)).toBeNull();
  });

  it('waits for all sources where the model that answered may have a price', async () => {
    const table = new PriceTable({ prices, modelAliases, importGenaiPrices: async () => new CountingPrices() });
    expect(table.lookupAnswered('azure', 'chat-prod', now)).toBeNull();
    await table.ready();
    expect(table.lookupAnswered('azure', 'chat-prod', now)?.source).toBe('genai-prices');
  });

  it('is not looked up again', () => {
    const table = new PriceTable({ prices, modelAliases, importGenaiPrices: null });
    expect(table.lookup('azure', 'spare', now)).toBeNull();
  });
});

describe('the memory of a price table', () => {
  it('asks the second source once per model and five minutes', async () => {
    const prices = new CountingPrices();
    const table = await readyTable(prices);
    for (const model of ['a', 'b', 'unknown']) {
      for (let call = 0; call < 10; call++) table.lookup('p', model, now + call);
    }
    expect(prices.asked).toBe(3);
    table.lookup('p', 'a', now + fiveMinutes);
    expect(prices.asked).toBe(4);
  });

  it('prices all of five minutes alike, at the price of their start', async () => {
    const table = await readyTable(new CountingPrices());
    expect(table.lookup('p', 'm', now + fiveMinutes - 1)?.base.input).toBe(1_000_000);
    expect(table.lookup('p', 'm', now + fiveMinutes)?.base.input).toBe(6_000_000);
    expect(table.lookup('p', 'm', now)?.base.input).toBe(1_000_000);
  });

  it('stays bounded under ever new models', async () => {
    const prices = new CountingPrices();
    const table = await readyTable(prices);
    for (let index = 0; index < 1000; index++) table.lookup('p', `model-${index}`, now);
    table.lookup('p', 'model-0', now);
    expect(prices.asked).toBe(1000);
    table.lookup('p', 'one-more', now);
    table.lookup('p', 'model-0', now);
    expect(prices.asked).toBe(1002);
  });
});
