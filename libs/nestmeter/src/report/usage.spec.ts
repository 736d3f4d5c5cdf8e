import { type Facts, ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { other } from '../accumulate/labels.js';
import { usageReport } from './usage.js';

const used = (calls: number, tokens: number, nanoUsd: number): Facts => ({
  calls,
  completed: calls,
  calls_with_usage: calls,
  input_tokens: tokens,
  priced_calls: calls,
  cost_nano_usd: nanoUsd,
});

describe('usageReport', () => {
  it('answers usage by provider, model, operation and tag, and together', async () => {
    const fleet = new ReportFleet({ tags: ['team', 'plan'] });
    fleet.one.count(llmFamily, ['openai', 'gpt', 'chat'], used(2, 100, 10));
    fleet.one.count(llmFamily, ['azure', 'gpt', 'search'], used(1, 50, 5));
    fleet.one.count(fleet.settings.tagFamilies.get('team')!, ['blue'], used(2, 100, 10));
    const answer = await fleet.ask(usageReport);
    const calls = (map: Record<string, { total_calls: number }>) =>
      Object.entries(map).map(([name, { total_calls }]) => [name, total_calls]);
    expect(answer.window.requested).toBe('24h');
    expect(answer.summary).toMatchObject({ total_calls: 3, total_tokens: 150, total_cost_usd: '0.000000015' });
    expect(calls(answer.by_provider)).toEqual([
      ['openai', 2],
      ['azure', 1],
    ]);
    expect(calls(answer.by_model)).toEqual([['gpt', 3]]);
    expect(calls(answer.by_operation)).toEqual([
      ['chat', 2],
      ['search', 1],
    ]);
    expect(Object.keys(answer.by_tag)).toEqual(['team', 'plan']);
    expect(answer.by_tag['team']!['blue']).toMatchObject({ total_calls: 2, average_cost_usd_per_call: '0.000000005' });
    expect(calls(answer.by_tag['plan']!)).toEqual([]);
  });

  it('adds values beyond the limit up', async () => {
    const fleet = new ReportFleet({ tags: ['team'], maxSeries: 1 });
    for (const [value, calls] of Object.entries({ a: 3, b: 2, c: 1 }))
      fleet.one.count(fleet.settings.tagFamilies.get('team')!, [value], used(calls, calls, calls));
    const { team } = (await fleet.ask(usageReport)).by_tag;
    expect(team).toMatchObject({ a: { total_calls: 3 }, [other]: { total_calls: 3 } });
  });

  describe('unpriced_models', () => {
    const unpriced = (calls: number, tokens: number): Facts => ({
      calls,
      completed: calls,
      calls_with_usage: calls,
      input_tokens: tokens,
      output_tokens: 1,
      unpriced_calls: calls,
    });

    it('lists each model of a provider that has calls without a price, most of them first, over all replicas', async () => {
      const fleet = new ReportFleet();
      const two = fleet.add('two');
      fleet.one.count(llmFamily, ['openai', 'new', 'chat'], unpriced(2, 100));
      fleet.one.count(llmFamily, ['openai', 'gpt', 'chat'], used(9, 900, 9));
      two.count(llmFamily, ['openai', 'new', 'search'], used(1, 50, 5));
      two.count(llmFamily, ['azure', 'new', 'chat'], unpriced(4, 10));
      two.count(llmFamily, ['openai', 'new', 'chat'], unpriced(3, 30));
      expect((await fleet.ask(usageReport)).unpriced_models).toEqual([
        { provider: 'openai', model: 'new', total_calls: 6, unpriced_calls: 5, input_tokens: 180, output_tokens: 2 },
        { provider: 'azure', model: 'new', total_calls: 4, unpriced_calls: 4, input_tokens: 10, output_tokens: 1 },
      ]);
    });

    it('adds up what is beyond the limit, and leaves out models that are all priced', async () => {
      const fleet = new ReportFleet({ maxSeries: 1 });
      fleet.one.count(llmFamily, ['p', 'a', 'chat'], unpriced(3, 3));
      fleet.one.count(llmFamily, ['p', 'b', 'chat'], unpriced(2, 2));
      fleet.one.count(llmFamily, [other, other, other], unpriced(1, 1));
      fleet.one.count(llmFamily, ['p', 'c', 'chat'], used(7, 7, 7));
      const models = (await fleet.ask(usageReport)).unpriced_models;
      expect(models.map(({ provider, model, unpriced_calls }) => [provider, model, unpriced_calls])).toEqual([
        ['p', 'a', 3],
        [other, other, 3],
      ]);
    });

    it('is empty where all is priced, and is told for each part of a series too', async () => {
      const fleet = new ReportFleet({}, Date.UTC(2026, 10, 22, 11, 59, 15));
      fleet.one.count(llmFamily, ['p', 'm', 'chat'], used(1, 10, 1));
      await fleet.pass(50);
      fleet.one.count(llmFamily, ['p', 'new', 'chat'], unpriced(1, 10));
      const { series } = await fleet.ask(usageReport, { window: '2h', group: 'hour' });
      expect(series!.map((part) => part.unpriced_models.map(({ model }) => model))).toEqual([[], [], ['new']]);
    });
  });

  describe('day', () => {
    it('is the UTC day so far, whatever the window', async () => {
      const fleet = new ReportFleet({ dailyTokenLimit: 1000 }, Date.UTC(2026, 10, 22, 23, 59, 35));
      fleet.one.count(llmFamily, ['p', 'm', 'chat'], used(1, 700, 7));
      await fleet.pass(20);
      fleet.one.count(llmFamily, ['p', 'm', 'chat'], used(1, 100, 1));
      expect((await fleet.ask(usageReport, { window: '30s' })).day).toEqual({
        tokens: 800,
        cost_usd: '0.000000008',
        token_limit: 1000,
        token_usage_percent: 80,
      });
      await fleet.pass(18);
      fleet.one.count(llmFamily, ['p', 'm', 'chat'], used(1, 50, 2));
      expect((await fleet.ask(usageReport)).day).toMatchObject({ tokens: 50, token_usage_percent: 5 });
    });

    it('is 0 at midnight sharp, and has no share without a limit', async () => {
      const fleet = new ReportFleet({}, Date.UTC(2026, 10, 22));
      expect((await fleet.ask(usageReport)).day).toEqual({
        tokens: 0,
        cost_usd: '0.000000000',
        token_limit: null,
        token_usage_percent: null,
      });
    });

    it('is unknown when no call of the day told its tokens', async () => {
      const fleet = new ReportFleet({ dailyTokenLimit: 1000 });
      fleet.one.count(llmFamily, ['p', 'm', 'chat'], { calls: 1, completed: 1, calls_without_usage: 1 });
      expect((await fleet.ask(usageReport)).day).toMatchObject({ tokens: null, token_usage_percent: null });
    });
  });

  describe('group', () => {
    const hour = Date.UTC(2026, 10, 22, 12) / 1000;

    it('cuts the window at full hours of UTC, so that the parts add up to the whole', async () => {
      const fleet = new ReportFleet({}, Date.UTC(2026, 10, 22, 11, 59, 15));
      fleet.one.count(llmFamily, ['p', 'm', 'chat'], used(1, 10, 1));
      await fleet.pass(50);
      fleet.one.count(llmFamily, ['p', 'm', 'chat'], used(2, 20, 2));
      const { series, summary } = await fleet.ask(usageReport, { window: '2h', group: 'hour' });
      expect(series!.map(({ from, to }) => [from, to])).toEqual([
        [hour - 7200, hour - 3600],
        [hour - 3600, hour],
        [hour, hour + 5],
      ]);
      expect(series!.map((part) => part.summary.total_calls)).toEqual([0, 1, 2]);
      expect(series![2]!.by_provider).toMatchObject({ p: { total_tokens: 20 } });
      expect(summary.total_calls).toBe(3);
    });

    it('cuts the window at days and months', async () => {
      const fleet = new ReportFleet({}, Date.UTC(2026, 11, 1, 6, 30, 5));
      fleet.one.count(llmFamily, ['p', 'm', 'chat'], used(1, 10, 1));
      const from = async (group: string) =>
        (await fleet.ask(usageReport, { window: '3d', group })).series!.map((part) =>
          new Date(part.from * 1000).toISOString().slice(0, 13),
        );
      expect(await from('day')).toEqual(['2026-11-28T06', '2026-11-29T00', '2026-11-30T00', '2026-12-01T00']);
      expect(await from('month')).toEqual(['2026-11-28T06', '2026-12-01T00']);
    });

    it.each([
      [{ group: 'hour', window: '30d' }, 'group must be day or month for a window on slots of 6 h, got "hour".'],
      [{ group: 'week' }, 'group must be hour, day or month, got "week".'],
      [{ group: 'day', points: 5 }, 'points must be left out when group is given, got 5.'],
    ])('refuses %j', async (query, message) => {
      await expect(new ReportFleet().ask(usageReport, query)).rejects.toThrow(message);
    });
  });
});
