import { Recording } from '../../../../test/fixtures/recording.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { PriceTable } from './price/price-table.js';

const prices = {
  azure: {
    'gpt-4o': { inputPerMillion: 2, outputPerMillion: 10, multipliers: { batch: 0.5 }, regions: { us: 1.1 } },
    'gpt-4o-mini': { inputPerMillion: 1, outputPerMillion: 5 },
  },
};
const modelAliases = { azure: { 'chat-prod': 'gpt-4o' } };

describe('the price of a recorded call', () => {
  let recording: Recording;

  beforeEach(() => {
    recording = new Recording({ prices: new PriceTable({ prices, modelAliases, importGenaiPrices: null }) });
  });

  afterEach(() => recording.close());

  /** Records a call of `model` that used 1000 input tokens, and says under which model it counts, and at which cost. */
  function record(model: string, answer: object): [calls: number, unpriced: number, nanoUsd: number] {
    const call = { provider: 'azure', model, operation: 'chat', tags: null };
    recording.recorder.llm.record(call, {
      outcome: 'completed',
      durationMs: 1,
      streamed: false,
      answer: { inputTokens: 1000, outputTokens: 0, ...answer },
      nested: false,
    });
    const counted = 'model' in answer ? String(answer.model) : model;
    const count = (counter: string) => recording.count(llmFamily, ['azure', counted, 'chat'], counter);
    return [count('calls'), count('unpriced_calls'), count('cost_nano_usd')];
  }

  it('is that of the alias, while the call counts under its own name', () => {
    expect(record('chat-prod', {})).toEqual([1, 0, 2_000_000]);
    expect(recording.names(llmFamily)).toEqual(['azure\0chat-prod\0chat']);
  });

  it('is that of the model that answered where it has one, else that of the alias', () => {
    expect(record('chat-prod', { model: 'gpt-4o-mini' })).toEqual([1, 0, 1_000_000]);
    expect(record('chat-prod', { model: 'a-name-of-nobody' })).toEqual([1, 0, 2_000_000]);
    expect(record('gpt-4o-mini', { model: 'chat-prod' })).toEqual([1, 0, 2_000_000]);
  });

  it('has the factors of how the call was served', () => {
    expect(record('gpt-4o', { serviceTier: 'batch', region: 'us' })).toEqual([1, 0, 1_100_000]);
  });

  it('is unknown, not the list price, at a tier without a factor', () => {
    expect(record('gpt-4o', { serviceTier: 'priority' })).toEqual([1, 1, 0]);
    expect(record('gpt-4o-mini', { speed: 'fast' })).toEqual([1, 1, 0]);
  });
});
