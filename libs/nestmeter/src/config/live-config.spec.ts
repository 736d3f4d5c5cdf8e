import { jest } from '@jest/globals';
import { anybody, codeOf, Fleet, heads, manyTurns } from '../../../../test/fixtures/config-fleet.js';
import { type EffectiveOptions, readOptions } from '../options.js';
import { LiveConfig } from './live-config.js';
import type { ConfigChange } from './posted.js';

describe('the live configuration', () => {
  it('puts what is posted on top of the options, entry by entry, until it is taken back', async () => {
    const base = readOptions({ operationThresholdsMs: { a: 1, b: 2 }, dailyTokenLimit: 50, apdexMs: 700 }, {});
    const { replicas } = new Fleet(1, base);
    const config = replicas[0]!;
    expect([config.version, config.posted, config.effective]).toEqual([0, {}, base]);
    await config.update({ operation_thresholds_ms: { b: 20, c: 30 }, daily_token_limit: null }, anybody);
    await config.update({ rate_limits: { reads_per_minute: 5 }, apdex_ms: { 'GET /a': 9 } }, anybody);
    expect(config.effective).toMatchObject({
      operationThresholdsMs: { a: 1, b: 20, c: 30 },
      dailyTokenLimit: null,
      rateLimits: { readsPerMinute: 5, failedLoginsPerMinute: 10 },
      apdexMs: { default: 700, 'GET /a': 9 },
    });
    expect(config.posted).toEqual({
      operation_thresholds_ms: { b: 20, c: 30 },
      daily_token_limit: null,
      rate_limits: { reads_per_minute: 5 },
      apdex_ms: { 'GET /a': 9 },
    });
    await config.update({ operation_thresholds_ms: { b: null } }, anybody);
    expect(config.effective.operationThresholdsMs).toEqual({ a: 1, b: 2, c: 30 });
    await config.remove('operation_thresholds_ms', anybody);
    for (const key of ['daily_token_limit', 'rate_limits', 'apdex_ms']) await config.remove(key, anybody);
    expect([config.version, config.posted, config.effective]).toEqual([7, {}, base]);
  });

  it('keeps posted thresholds of different meaning beside each other, and replaces those of the same', async () => {
    const { replicas } = new Fleet(1);
    const config = replicas[0]!;
    const post = (...alert_thresholds: object[]) => config.update({ alert_thresholds }, anybody);
    await post({ metric: 'error_rate_percent', threshold: 7 }, { metric: 'queue_depth', threshold: 9 });
    await post({ metric: 'error_rate_percent', threshold: 8, comparison: '>=' });
    expect(config.alertThresholds.map(({ metric, threshold }) => [metric, threshold])).toEqual([
      ['queue_depth', 9],
      ['error_rate_percent', 8],
    ]);
    await post({ metric: 'queue_depth', threshold: null });
    expect(config.alertThresholds).toEqual([
      {
        metric: 'error_rate_percent',
        statistic: null,
        filter: {},
        comparison: '>=',
        threshold: 8,
        severity: 'warning',
      },
    ]);
    await config.remove('alert_thresholds', anybody);
    expect(config.alertThresholds).toEqual([]);
  });

  it('says in the history which threshold there was none of before', async () => {
    const config = new Fleet(1).replicas[0]!;
    const filter = { route: '/chat' };
    await config.update({ alert_thresholds: [{ metric: 'response_time_ms', filter, threshold: 9 }] }, anybody);
    const [{ before, after }] = config.history as [ConfigChange];
    const meaning = { metric: 'response_time_ms', filter: { route: '/chat' }, severity: 'warning' };
    expect(before).toMatchObject({ alert_thresholds: [{ ...meaning, threshold: null }] });
    expect(after).toMatchObject({ alert_thresholds: [{ ...meaning, threshold: 9 }] });
    // What was before can be posted as it is.
    await config.update(before, anybody);
    expect(config.alertThresholds).toEqual([]);
  });

  it('changes one field of a group, and leaves what can be set in code only', async () => {
    const base = readOptions({ alerts: { evaluationIntervalSeconds: 20, dailyCostUsd: 7 } }, {});
    const config = new Fleet(1, base).replicas[0]!;
    await config.update({ alert_evaluation_interval_seconds: 60 }, anybody);
    expect(config.effective.alerts).toEqual({ ...base.alerts, evaluationIntervalSeconds: 60 });
    expect(config.posted).toEqual({ alert_evaluation_interval_seconds: 60 });
    expect(config.history).toMatchObject([
      { before: { alert_evaluation_interval_seconds: 20 }, after: { alert_evaluation_interval_seconds: 60 } },
    ]);
    await config.remove('alert_evaluation_interval_seconds', anybody);
    expect(config.effective).toEqual(base);
  });

  it('changes nothing at all when one field is wrong', async () => {
    const { replicas } = new Fleet(1);
    const patch = { daily_token_limit: 5, publish_interval_ms: 1 };
    expect(await codeOf(replicas[0]!.update(patch, anybody))).toBe('NM_CONFIG_INVALID');
    expect(await codeOf(replicas[0]!.remove('redis', anybody))).toBe('NM_CONFIG_INVALID');
    expect(replicas[0]!.version).toBe(0);
  });

  it('takes a change on top of the version named only', async () => {
    const fleet = new Fleet(2);
    const [one, other] = fleet.replicas as [LiveConfig<EffectiveOptions>, LiveConfig<EffectiveOptions>];
    await one.update({ daily_token_limit: 1 }, { by: 'ada', ifVersions: [0] });
    // The other one has not heard of it yet, and asks.
    expect(await codeOf(other.update({ daily_token_limit: 2 }, { by: 'bob', ifVersions: [0] }))).toBe('NM_CONFIG_CONFLICT'); // prettier-ignore
    expect(other.effective.dailyTokenLimit).toBe(1);
    await other.update({ daily_token_limit: 2 }, { by: 'bob', ifVersions: [1, 9] });
    expect(await codeOf(one.update({}, { by: 'ada', ifVersions: [] }))).toBe('NM_CONFIG_CONFLICT');
  });

  it('makes no change of what is so already', async () => {
    const config = new Fleet(1).replicas[0]!;
    await config.update({ daily_token_limit: 1 }, anybody);
    await config.update({ daily_token_limit: 1 }, anybody);
    await config.remove('apdex_ms', anybody);
    expect([config.version, config.history.length]).toEqual([1, 1]);
  });

  it('remembers who changed what when, with the values before and after', async () => {
    const fleet = new Fleet(1);
    const config = fleet.replicas[0]!;
    await config.update({ operation_thresholds_ms: { qa_response: 9, x: 1 } }, { by: 'ada', ifVersions: null });
    fleet.clock.advance(60_000);
    await config.remove('operation_thresholds_ms', { by: 'b'.repeat(1000), ifVersions: null });
    expect(config.history).toMatchObject([
      {
        version: 2,
        timestamp: 1_700_000_060,
        by: 'b'.repeat(128),
        before: { operation_thresholds_ms: { qa_response: 9, x: 1 } },
        after: { operation_thresholds_ms: { qa_response: 3000, x: null } },
      },
      {
        version: 1,
        timestamp: 1_700_000_000,
        by: 'ada',
        before: { operation_thresholds_ms: { qa_response: 3000, x: null } },
        after: { operation_thresholds_ms: { qa_response: 9, x: 1 } },
      },
    ]);
  });

  it('applies nothing while the store does not answer, and says so', async () => {
    const fleet = new Fleet(1);
    fleet.networks[0]!.isCut = true;
    const config = fleet.replicas[0]!;
    expect(await codeOf(config.update({ daily_token_limit: 1 }, anybody))).toBe('NM_STORE_UNREACHABLE');
    await config.refresh();
    expect([config.version, config.effective.dailyTokenLimit, fleet.warnings]).toEqual([0, 1_000_000, []]);
  });

  it('learns of a change whose acknowledgement was lost', async () => {
    const fleet = new Fleet(1);
    const config = fleet.replicas[0]!;
    fleet.networks[0]!.losesReply = true;
    expect(await codeOf(config.update({ daily_token_limit: 1 }, anybody))).toBe('NM_STORE_UNREACHABLE');
    expect(config.version).toBe(0);
    fleet.networks[0]!.losesReply = false;
    config.learn(heads(await fleet.document()));
    await manyTurns();
    expect([config.version, config.effective.dailyTokenLimit]).toEqual([1, 1]);
  });

  it('fetches a document only when a publish tells of another one', async () => {
    const fleet = new Fleet(2);
    const [one, other] = fleet.replicas as [LiveConfig<EffectiveOptions>, LiveConfig<EffectiveOptions>];
    await one.update({ daily_token_limit: 1 }, anybody);
    const asked = jest.spyOn(fleet.networks[1]!, 'documents');
    other.learn(heads(await fleet.document()));
    await manyTurns();
    expect(other.effective.dailyTokenLimit).toBe(1);
    asked.mockClear();
    other.learn(heads(await fleet.document()));
    await manyTurns();
    expect(asked).not.toHaveBeenCalled();
  });

  it('writes back what a store that was emptied lacks', async () => {
    const fleet = new Fleet(3);
    await fleet.replicas[0]!.update({ daily_token_limit: 1 }, anybody);
    await fleet.settle();
    const before = await fleet.document();
    fleet.store = fleet.emptyStore();
    fleet.replicas[1]!.learn(heads());
    await manyTurns();
    expect(await fleet.document()).toEqual(before);
  });

  it('loses no acknowledged change when two change different things on stores that did not know of each other', async () => {
    const fleet = new Fleet(2);
    const [one, other] = fleet.replicas as [LiveConfig<EffectiveOptions>, LiveConfig<EffectiveOptions>];
    await one.update({ daily_token_limit: 1 }, anybody);
    await other.refresh();
    const copy = (await fleet.document())!;
    await one.update({ live_clients: 5 }, anybody);
    // A fail-over to a node that had not got the last write.
    fleet.store = fleet.emptyStore();
    await fleet.store.upkeep.offer(copy, null);
    await other.update({ log_level: 'info' }, anybody);
    await other.update({ body_bytes: 2048 }, anybody);
    await fleet.settle();
    for (const { effective, version } of fleet.replicas) {
      expect(effective).toMatchObject({ dailyTokenLimit: 1, liveClients: 5, bodyBytes: 2048 });
      expect(version).toBe(4);
    }
    expect(one.history.map(({ after }) => after)).toEqual(expect.arrayContaining([{ live_clients: 5 }, { body_bytes: 2048 }])); // prettier-ignore
  });

  it('does not apply values of other releases that it does not take, keeps them, and says so once', async () => {
    const fleet = new Fleet(1);
    const posted = (value: object) => ({ version: 1, id: 'a', ...value });
    const places = [
      posted({ path: ['daily_token_limit'], value: 0 }),
      posted({ path: ['of_tomorrow'], value: 1 }),
      posted({ path: ['operation_thresholds_ms'], value: { a: 1 } }),
      posted({ path: ['live_clients', 'x'], value: 5 }),
      posted({ path: ['operation_thresholds_ms', '__proto__'], value: { polluted: 1 } }),
      posted({ path: ['body_bytes'], value: 4096 }),
    ];
    const body = JSON.stringify({ places, changes: [] });
    await fleet.store.upkeep.offer({ name: 'config', version: 1, id: 'a', body }, null);
    const config = fleet.replicas[0]!;
    await config.refresh();
    expect(config.effective).toEqual({ ...readOptions({}, {}), bodyBytes: 4096 });
    await config.update({ live_clients: 5 }, anybody);
    expect(JSON.parse((await fleet.document())!.body)).toMatchObject({ places: expect.arrayContaining(places) });
    expect(fleet.warnings).toHaveLength(1);
  });

  it('goes on with its own when the store has what cannot be read, and replaces that', async () => {
    const fleet = new Fleet(1);
    const config = fleet.replicas[0]!;
    await config.update({ daily_token_limit: 1 }, anybody);
    await fleet.store.upkeep.offer({ name: 'config', version: 7, id: 'a', body: 'damaged' }, null);
    await config.refresh();
    expect([config.effective.dailyTokenLimit, config.version, fleet.warnings.length]).toEqual([1, 8, 1]);
    const fresh = fleet.replica();
    await fresh.refresh();
    expect(fresh.posted).toEqual({ daily_token_limit: 1 });
  });

  it('refuses more values than it keeps', async () => {
    const config = new Fleet(1).replicas[0]!;
    const entries = (from: number) => Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`n${from + at}`, 5]));
    await config.update({ operation_thresholds_ms: entries(0) }, anybody);
    expect(await codeOf(config.update({ operation_thresholds_ms: entries(300) }, anybody))).toBe('NM_CONFIG_INVALID');
    expect(config.version).toBe(1);
  });

  it('tells its listeners of every change, whoever made it', async () => {
    const fleet = new Fleet(2);
    let told = 0;
    fleet.replicas[1]!.onChange(() => told++);
    await fleet.replicas[0]!.update({ daily_token_limit: 1 }, anybody);
    await fleet.settle();
    await fleet.replicas[1]!.update({ daily_token_limit: 2 }, anybody);
    expect(told).toBe(2);
  });
});
