import { parsePrometheus } from '../../../../test/fixtures/prometheus-parser.js';
import { createMonitor } from '../monitor.js';

describe('gauges of budgets', () => {
  it('tell use and limit of each group as they were read last, and read nothing when scraped', async () => {
    const monitor = createMonitor({
      app: 'budgets',
      genaiPrices: false,
      budgets: [
        { name: 'team', limitUsd: '2.00', period: 'day', each: 'model' },
        { name: 'all', limitTokens: 1000, period: 'day' },
      ],
    });
    monitor.start();
    const gauges = async (): Promise<string[]> => {
      const metrics = [...parsePrometheus(await monitor.prometheus())];
      return metrics
        .filter(([name]) => name.startsWith('nestmeter_budget_'))
        .flatMap(([, { samples }]) => samples)
        .map(({ name, labels, value }) => `${name} ${labels['budget']} ${labels['group']} ${value}`);
    };
    const call = { provider: 'openai', durationMs: 1, inputTokens: 100, outputTokens: 25 };
    await monitor.reports.budgets();
    monitor.recordLLMCall({ ...call, model: 'gpt-5', costUsd: '0.50' });
    monitor.recordLLMCall({ ...call, model: 'gpt-5-mini', costUsd: '0.25' });
    const unread = ['used_ratio all  0', 'used_tokens all  0', 'limit_tokens all  1000'];
    expect(await gauges()).toEqual(unread.map((line) => `nestmeter_budget_${line}`));
    await monitor.reports.budgets();
    const read = [
      'used_ratio team gpt-5 0.25',
      'used_ratio team gpt-5-mini 0.125',
      'used_ratio all  0.25',
      'used_usd team gpt-5 0.5',
      'used_usd team gpt-5-mini 0.25',
      'used_tokens all  250',
      'limit_usd team gpt-5 2',
      'limit_usd team gpt-5-mini 2',
      'limit_tokens all  1000',
    ];
    expect(await gauges()).toEqual(read.map((line) => `nestmeter_budget_${line}`));
    await monitor.stop();
  });
});
