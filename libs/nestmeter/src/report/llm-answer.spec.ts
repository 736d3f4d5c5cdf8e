import { operationFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { SeriesState } from '../accumulate/series-state.js';
import { callSuccessPercent, costAnswer, type LLMCounts, shareAnswer, tokenAnswer, usageAnswer } from './llm-answer.js';
import { countsOf } from './named-states.js';

const none = countsOf(llmFamily.counter, new SeriesState(llmFamily));
const noShare = countsOf(operationFamily.counter, new SeriesState(operationFamily));
const counts = (given: Partial<LLMCounts>): LLMCounts => ({ ...none, ...given });

describe('tokenAnswer', () => {
  it('sums what is known, with the count of unknown beside', () => {
    const given = { calls: 3, calls_with_usage: 2, calls_without_usage: 1, input_tokens: 100, output_tokens: 20 };
    expect(tokenAnswer(counts({ ...given, calls_with_cached: 1, cached_input_tokens: 40 }))).toEqual({
      input_tokens: 100,
      output_tokens: 20,
      total_tokens: 120,
      cached_tokens: 40,
      cache_write_tokens: null,
      reasoning_tokens: null,
      calls_without_usage: 1,
    });
  });

  it('answers a known zero as 0 and an unknown sum as null', () => {
    expect(tokenAnswer(counts({ calls: 1, calls_with_usage: 1, calls_with_cached: 1 })).cached_tokens).toBe(0);
    expect(tokenAnswer(counts({ calls: 1, completed: 1, calls_without_usage: 1 })).total_tokens).toBeNull();
    expect(tokenAnswer(counts({ calls: 1, failed: 1 })).total_tokens).toBeNull();
  });

  it('answers 0 where there were no calls at all', () => {
    expect(tokenAnswer(none)).toMatchObject({ input_tokens: 0, total_tokens: 0, reasoning_tokens: 0 });
  });
});

describe('costAnswer', () => {
  it('writes money exactly, with nine digits', () => {
    expect(costAnswer(counts({ calls: 3, priced_calls: 2, unpriced_calls: 1, cost_nano_usd: 4_200_001 }))).toEqual({
      total_cost_usd: '0.004200001',
      unpriced_calls: 1,
    });
  });

  it('tells free from unpriced', () => {
    expect(costAnswer(counts({ calls: 1, priced_calls: 1 })).total_cost_usd).toBe('0.000000000');
    expect(costAnswer(counts({ calls: 1, unpriced_calls: 1 })).total_cost_usd).toBeNull();
    expect(costAnswer(none).total_cost_usd).toBe('0.000000000');
  });
});

describe('callSuccessPercent', () => {
  it('counts completed against failed and incomplete; calls that neither succeeded nor failed are in no rate', () => {
    const mixed = { calls: 10, completed: 3, failed: 1, incomplete: 1, cancelled: 2, stopped: 2, abandoned: 1 };
    expect(callSuccessPercent(counts({ ...mixed, refused: 50 }))).toBe(60);
    expect(callSuccessPercent(counts({ calls: 4, cancelled: 4 }))).toBeNull();
  });
});

describe('shareAnswer', () => {
  const share = (given: Partial<typeof noShare>) => shareAnswer({ ...noShare, ...given });

  it('answers 0 where no LLM was called', () => {
    expect(share({})).toEqual({
      llm_calls: 0,
      input_tokens: 0,
      output_tokens: 0,
      total_tokens: 0,
      calls_without_usage: 0,
      total_cost_usd: '0.000000000',
      unpriced_calls: 0,
    });
  });

  it('answers null only where none is known', () => {
    expect(share({ llm_calls: 1, calls_without_usage: 1 })).toMatchObject({ total_tokens: null, total_cost_usd: null });
    expect(share({ llm_calls: 2, input_tokens: 5, unpriced_calls: 2 })).toMatchObject({
      total_tokens: 5,
      total_cost_usd: null,
    });
    expect(share({ llm_calls: 2, input_tokens: 5, unpriced_calls: 1, cost_nano_usd: 7 })).toMatchObject({
      total_cost_usd: '0.000000007',
      unpriced_calls: 1,
    });
    expect(share({ llm_calls: 1, input_tokens: 5 })).toMatchObject({ total_cost_usd: '0.000000000' });
  });
});

describe('usageAnswer', () => {
  it('divides by the calls that are known', () => {
    const answer = usageAnswer(
      counts({
        calls: 10,
        completed: 4,
        failed: 6,
        calls_with_usage: 5,
        input_tokens: 1000,
        output_tokens: 500,
        priced_calls: 3,
        unpriced_calls: 2,
        cost_nano_usd: 10_000_000,
        rate_limit_hits: 2,
      }),
    );
    expect(answer).toMatchObject({
      total_calls: 10,
      successful_calls: 4,
      total_tokens: 1500,
      average_tokens_per_call: 300,
      total_cost_usd: '0.010000000',
      average_cost_usd_per_call: '0.003333333',
      cost_usd_per_successful_call: null,
      cost_usd_per_token: null,
      efficiency: 0.5,
      rate_limit_hits: 2,
      rate_limit_impact_percent: 20,
      unpriced_calls: 2,
    });
  });

  it('divides the cost by tokens and by successes once all of it is known', () => {
    const priced = { calls: 10, completed: 4, failed: 6, input_tokens: 1000, output_tokens: 500, priced_calls: 5 };
    const answer = usageAnswer(counts({ ...priced, calls_with_usage: 5, cost_nano_usd: 10_000_000 }));
    expect(answer.cost_usd_per_successful_call).toBe('0.002500000');
    expect(answer.cost_usd_per_token).toBe('0.000006667');
  });

  it('answers null for every mean of nothing', () => {
    expect(usageAnswer(none)).toMatchObject({
      total_calls: 0,
      average_tokens_per_call: null,
      average_cost_usd_per_call: null,
      cost_usd_per_successful_call: null,
      cost_usd_per_token: null,
      efficiency: null,
      rate_limit_impact_percent: null,
    });
  });
});
