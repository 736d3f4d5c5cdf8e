import { setImmediate } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { AlertFleet } from '../../../../test/fixtures/alert-fleet.js';
import { endpointFamily } from '../accumulate/families.js';
import { customFamily } from '../accumulate/custom-family.js';
import type { AlertRuleInput } from './rule.js';

const errors: AlertRuleInput = {
  name: 'errors',
  title: 'High error rate',
  metric: 'error_rate_percent',
  thresholds: { warning: 5, critical: 50 },
  forSeconds: 60,
  keepFiringSeconds: 0,
  windowSeconds: 60,
};

function fail({ fleet }: AlertFleet, failures = 10): void {
  fleet.one.count(endpointFamily, ['GET', '/a'], { requests: 100, successes: 100 - failures });
}

/** Lets an alert of {@link errors} fire. */
async function fired(rules: readonly AlertRuleInput[] = [{ ...errors, forSeconds: 0 }]): Promise<AlertFleet> {
  const fleet = new AlertFleet({}, rules);
  await fleet.pass(10);
  fail(fleet);
  await fleet.pass(30);
  return fleet;
}

/** Lets an evaluation end that a timer began: it gives way to the event loop, which faked timers do not turn. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await setImmediate();
}

describe('the watch', () => {
  it('does not look at slots that may still be on their way', async () => {
    const fleet = new AlertFleet({}, [{ ...errors, forSeconds: 0 }]);
    await fleet.pass(10);
    fail(fleet);
    fleet.fleet.clock.advance(7000);
    await fleet.fleet.publish();
    await fleet.one.watch.evaluate();
    expect(await fleet.firing()).toEqual([]);
    await fleet.pass(10);
    expect(await fleet.firing()).toEqual(['errors warning']);
  });

  it('has its pending time taken on by the next keeper, so that the alert fires at its original time', async () => {
    const fleet = new AlertFleet({}, [errors]);
    const next = fleet.add();
    await fleet.pass(10);
    const firedAfter: number[] = [];
    for (let passed = 0; passed < 120; passed += 10) {
      fail(fleet);
      fleet.fleet.clock.advance(10_000);
      await fleet.fleet.publish();
      // The first keeper dies after the third evaluation.
      await (passed < 30 ? fleet.one : next).watch.evaluate();
      if ((await next.alerts.now()).active_alerts_count > 0) firedAfter.push(passed);
    }
    const { pending, active } = await next.alerts.now();
    expect(pending).toEqual([]);
    expect(active[0]).toMatchObject({ rule: 'errors', severity: 'warning', value: 10, threshold: 5 });
    // First seen ten seconds after it was counted; a minute later it fires.
    expect(firedAfter[0]).toBe(60);
  });

  it('leaves evaluating to the keeper', async () => {
    const fleet = await fired();
    const other = fleet.add();
    other.token = undefined;
    const before = (await other.alerts.now()).evaluated_at;
    fleet.fleet.clock.advance(10_000);
    await other.watch.evaluate();
    expect((await other.alerts.now()).evaluated_at).toBe(before);
    expect((await other.alerts.now()).active.map(({ id }) => id)).toEqual(
      (await fleet.now()).active.map(({ id }) => id),
    );
  });

  it('gives a store that lost everything its alerts back, with the same ids', async () => {
    const fleet = await fired();
    const [{ id } = { id: '' }] = (await fleet.now()).active;
    await fleet.fleet.store.clear();
    fleet.fleet.store.contents.documents.clear();
    fail(fleet);
    await fleet.pass(30);
    const other = fleet.add();
    expect((await other.alerts.now()).active.map((alert) => alert.id)).toEqual([id]);
  });

  it('goes on with an alert that nobody could look at during an outage, until it was seen not to hold', async () => {
    const fleet = await fired([{ ...errors, forSeconds: 0, keepFiringSeconds: 60 }]);
    const [{ id } = { id: '' }] = (await fleet.now()).active;
    // The store is away, and comes back empty: all seems well until replicas have written back what it lost.
    fleet.fleet.clock.advance(300_000);
    await fleet.fleet.store.clear();
    await fleet.fleet.publish();
    await fleet.one.watch.evaluate();
    expect((await fleet.now()).active.map((alert) => alert.id)).toEqual([id]);
    await fleet.pass(30);
    expect((await fleet.now()).active.map((alert) => alert.id)).toEqual([id]);
    await fleet.pass(60);
    expect(await fleet.firing()).toEqual([]);
  });

  it('takes another interval at once, counts it from when the wait began, and then looks as often', async () => {
    const fleet = await fired([{ ...errors, forSeconds: 0, keepFiringSeconds: 60 }]);
    const { watch } = fleet.one;
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const evaluatedAfter = async (seconds: number) => {
        fleet.fleet.clock.advance(seconds * 1000);
        await fleet.fleet.publish();
        await jest.advanceTimersByTimeAsync(seconds * 1000);
        await turns();
        return (await fleet.now()).evaluated_at! - began;
      };
      const began = fleet.fleet.clock.wallMs() / 1000;
      fleet.one.intervalSeconds = 600;
      watch.reschedule();
      watch.start();
      expect(await evaluatedAfter(600)).toBe(600);
      fail(fleet);
      expect(await evaluatedAfter(300)).toBe(600);
      fleet.one.intervalSeconds = 400;
      watch.reschedule();
      watch.reschedule();
      expect([await evaluatedAfter(90), await evaluatedAfter(10)]).toEqual([600, 1000]);
      expect([await evaluatedAfter(390), await evaluatedAfter(10)]).toEqual([1000, 1400]);
      fleet.one.intervalSeconds = 10;
      fleet.fleet.clock.advance(60_000);
      watch.reschedule();
      expect(await evaluatedAfter(0)).toBe(1460);
      expect([await evaluatedAfter(5), await evaluatedAfter(5), await evaluatedAfter(10)]).toEqual([1460, 1470, 1480]);
      await watch.stop();
      watch.reschedule();
      expect(await evaluatedAfter(600)).toBe(1480);
    } finally {
      jest.useRealTimers();
    }
  });

  it('does not take for an outage what was due after the longer interval before', async () => {
    const fleet = await fired([{ ...errors, forSeconds: 0, keepFiringSeconds: 60 }]);
    const { watch } = fleet.one;
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      fleet.one.intervalSeconds = 600;
      watch.start();
      fleet.fleet.clock.advance(300_000);
      await fleet.fleet.publish();
      expect(await fleet.firing()).toEqual(['errors warning']);
      fleet.one.intervalSeconds = 10;
      watch.reschedule();
      await jest.advanceTimersByTimeAsync(0);
      await turns();
      // Five minutes without a failure are five minutes, though only half a minute may lie between two evaluations now.
      expect(await fleet.firing()).toEqual([]);
      await watch.stop();
    } finally {
      jest.useRealTimers();
    }
  });

  it('ends the alerts of rules that are no more', async () => {
    const fleet = await fired();
    fleet.rules.splice(0);
    await fleet.pass(10);
    expect(await fleet.firing()).toEqual([]);
    expect((await fleet.one.alerts.history(1)).map(({ change }) => change)).toEqual(['resolved', 'fired']);
  });

  it('counts what a check throws as an error of the rule, never as an alert, and goes on with the others', async () => {
    const fleet = await fired([
      {
        name: 'broken',
        check: () => {
          throw new TypeError('secret');
        },
      },
      { ...errors, forSeconds: 0 },
    ]);
    expect(await fleet.firing()).toEqual(['errors warning']);
    const { rules } = await fleet.now();
    expect(rules[0]).toMatchObject({ name: 'broken', state: 'error', reason: 'it threw TypeError' });
    expect(fleet.one.failures[0]).toMatch(/^alerts.broken/);
  });

  it('leaves the evaluation under way when it stops, and says nothing of a store that is closed by then', async () => {
    const looked: string[] = [];
    let go = (): void => {};
    const gone = new Promise<void>((resolve) => (go = resolve));
    const waits = async () => {
      looked.push('waits');
      await gone;
      return [];
    };
    const fails = () => {
      looked.push('fails');
      throw new Error('closed');
    };
    const fleet = new AlertFleet({}, [errors, { name: 'waits', check: waits }, { name: 'fails', check: fails }]);
    await fleet.fleet.publish();
    const evaluation = fleet.one.watch.evaluate();
    while (looked.length === 0) await setImmediate();
    const stopped = fleet.one.watch.stop();
    await fleet.fleet.store.stop();
    go();
    await Promise.all([evaluation, stopped]);
    expect(looked).toEqual(['waits']);
    expect(fleet.one.failures).toEqual([]);
    await fleet.one.watch.evaluate();
    expect(fleet.one.failures).toEqual([]);
  });

  it('stops waiting for a check after a second', async () => {
    const fleet = new AlertFleet({}, [{ name: 'slow', check: () => new Promise(() => {}) }]);
    await fleet.pass(10);
    expect((await fleet.now()).rules).toMatchObject([
      { name: 'slow', state: 'error', reason: 'it threw CheckTimeoutError' },
    ]);
  });

  it('lets a check read reports and find several things', async () => {
    const fleet = await fired([
      {
        name: 'routes',
        category: 'own',
        check: async ({ endpoints }) => {
          const { endpoints: all } = await endpoints({ window: '5m' });
          return Object.entries(all).map(([name, { stats }]) => ({
            severity: 'medium',
            title: `Errors on ${name}`,
            value: stats.error_rate_percent,
            threshold: 5,
            labels: { endpoint: name },
          }));
        },
      },
    ]);
    const { active, alerts } = await fleet.now();
    expect(alerts).toEqual(['[warning] Errors on GET /a detected (10) for GET /a']);
    expect(active[0]).toMatchObject({ category: 'own', severity: 'warning', threshold: 5, value: 10 });
  });

  it('takes any label for a map key', async () => {
    const fleet = new AlertFleet({}, [
      {
        name: 'each',
        family: 'endpoint',
        metric: 'requests',
        by: ['route'],
        thresholds: { low: 1 },
        keepFiringSeconds: 0,
      },
    ]);
    await fleet.pass(10);
    for (const route of ['__proto__', 'constructor', '<img onerror>'])
      fleet.fleet.one.count(endpointFamily, ['GET', route], { requests: 5 });
    await fleet.pass(20);
    const routes = (await fleet.now()).active.map(({ labels }) => labels['route']);
    expect(new Set(routes)).toEqual(new Set(['<img onerror>', '__proto__', 'constructor']));
  });

  it('says what each rule watches, from when on it fires, and in which unit', async () => {
    const fleet = new AlertFleet({}, [
      { ...errors, title: 'Errors', target: 1 },
      { name: 'rise', metric: 'response_time_ms', relativeTo: 'previousWindow', thresholds: { info: 150 } },
      { name: 'code', check: () => [] },
    ]);
    await fleet.pass(10);
    expect((await fleet.now()).rules).toMatchObject([
      {
        title: 'Errors',
        metric: errors.metric,
        unit: '%',
        relative_to: null,
        comparison: '>',
        thresholds: { warning: 5, critical: 50 },
        target: 1,
        window_seconds: 60,
        for_seconds: 60,
      },
      { title: 'rise', unit: '%', relative_to: 'previous_window', thresholds: { info: 150 }, target: null },
      { title: 'code', metric: null, unit: '', thresholds: {} },
    ]);
  });

  it('says of a rule on an unknown family or label why it is inactive', async () => {
    const fleet = new AlertFleet({}, [
      { name: 'family', family: 'custom.jobs', metric: 'value', thresholds: { low: 1 } },
      { name: 'label', family: 'endpoint', metric: 'requests', by: ['host'], thresholds: { low: 1 } },
    ]);
    await fleet.pass(10);
    expect((await fleet.now()).rules).toMatchObject([
      { name: 'family', state: 'inactive', reason: 'nothing measures custom.jobs' },
      { name: 'label', state: 'inactive', reason: 'endpoint has no label host' },
    ]);
    expect(customFamily('counter', 'jobs', { labels: [], unit: '1', help: '' }).name).toBe('custom.jobs');
  });
});

describe('a fleet of which nothing is known', () => {
  it('is stale, and its alerts stay as they are', async () => {
    const fleet = await fired();
    const [replica] = fleet.fleet.replicas;
    fleet.fleet.kill(replica!);
    fleet.fleet.clock.advance(60_000);
    await fleet.one.watch.evaluate();
    const { rules, active } = await fleet.now();
    expect(rules[0]).toMatchObject({ name: 'errors', state: 'stale', reason: 'no replica publishes' });
    expect(active).toHaveLength(1);
  });

  it('is of unknown health once nobody evaluates, unless something was wrong', async () => {
    const calm = new AlertFleet({}, [errors]);
    expect((await calm.now()).system_health).toBe('unknown');
    await calm.pass(10);
    expect((await calm.now()).system_health).toBe('healthy');
    calm.fleet.clock.advance(61_000);
    expect((await calm.now()).system_health).toBe('unknown');
    const fleet = await fired();
    fleet.fleet.clock.advance(61_000);
    expect(await fleet.now()).toMatchObject({ system_health: 'degraded', active: [{ state: 'stale' }] });
  });
});

describe('what people say about alerts', () => {
  it('is known to every replica: who took care of one', async () => {
    const fleet = await fired();
    const other = fleet.add();
    const [{ id } = { id: '' }] = (await fleet.now()).active;
    await other.alerts.acknowledge(id, 'ann', 'on it');
    expect((await fleet.now()).active[0]).toMatchObject({ acknowledged: true, acknowledged_by: 'ann' });
    await expect(other.alerts.acknowledge('nothing', 'ann', '')).rejects.toMatchObject({ code: 'NM_NOT_FOUND' });
  });

  it('silences alerts that match all of it, until its end', async () => {
    const fleet = await fired();
    const other = fleet.add();
    const until = fleet.fleet.clock.wallMs() / 1000 + 120;
    const request = { until, why: 'deploy', minutes: undefined };
    await other.alerts.silence({ ...request, matchers: { rule: 'errors', severity: 'crit*' } }, 'ann');
    expect((await fleet.now()).active[0]).toMatchObject({ silenced_until: null });
    const { id } = await other.alerts.silence({ ...request, matchers: { rule: 'err*', severity: 'warning' } }, 'ann');
    expect((await fleet.now()).active[0]).toMatchObject({ silenced_until: until });
    await fleet.one.alerts.endSilence(id);
    expect((await fleet.now()).active[0]).toMatchObject({ silenced_until: null });
    expect(await fleet.one.alerts.silences()).toMatchObject([{ by: 'ann', why: 'deploy' }]);
    fleet.fleet.clock.advance(121_000);
    expect(await fleet.one.alerts.silences()).toEqual([]);
    await expect(fleet.one.alerts.endSilence(id)).rejects.toMatchObject({ code: 'NM_NOT_FOUND' });
  });

  it('is not lost when many say something at the same time', async () => {
    const fleet = await fired();
    const replicas = [fleet.one, fleet.add(), fleet.add()];
    await Promise.all(
      replicas.map(({ alerts }, index) =>
        alerts.silence({ matchers: { rule: `r${index}` }, why: '', minutes: 5 }, 'ann'),
      ),
    );
    expect(await fleet.one.alerts.silences()).toHaveLength(3);
  });

  it('is refused when it would silence the past', async () => {
    const fleet = await fired();
    const silence = fleet.one.alerts.silence({ matchers: { rule: 'errors' }, until: 1, why: '' }, 'ann');
    await expect(silence).rejects.toMatchObject({ code: 'NM_BODY_INVALID' });
  });
});
