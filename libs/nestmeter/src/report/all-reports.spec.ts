import { z } from 'zod';
import { ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { builtInFamilies } from '../accumulate/families.js';
import { allReports } from './all-reports.js';
import type { Report } from './report.js';

const all = Object.entries(allReports) as unknown as [string, Report<unknown, unknown>][];
/** Those that take a window of any length. */
const windowed = all.filter(([name]) => name !== 'realTime' && name !== 'alerts');

const hostile = ['__proto__', 'constructor', 'toString', 'a\nb', '"\'<script>', '😀', 'x'.repeat(10_000), ''];

/** Every name that a map of an answer shows, at any depth. */
function namesIn(answer: unknown): Set<string> {
  const names = new Set<string>();
  JSON.parse(JSON.stringify(answer), (key, value: unknown) => (names.add(key), value));
  return names;
}

/** A fleet in which every family has series under hostile names, and every meter of them something. */
function hostileFleet(): ReportFleet {
  const fleet = new ReportFleet({ tags: ['__proto__'] });
  for (const family of [...builtInFamilies, ...fleet.settings.tagFamilies.values()])
    for (const name of family.labels.length === 0 ? [''] : hostile) {
      const labels = family.labels.map(() => name);
      const state = fleet.one.count(family, labels, {});
      family.specs.counters.forEach((_, column) => state.count(column, 3));
      family.specs.distributions.forEach((_, column) => state.record(column, 5));
      family.specs.tallies.forEach((_, column) => hostile.forEach((key) => state.tallyUp(column, key.slice(0, 64))));
      family.specs.gauges.forEach(({ name: gauge }) => fleet.one.level(family, labels, gauge, 7));
    }
  return fleet;
}

describe('every report', () => {
  it.each(all)(
    '%s answers an empty window in its own shape, without a number that nobody counted',
    async (_, report) => {
      const fleet = new ReportFleet();
      const answer = JSON.stringify(await fleet.ask(report));
      expect(answer).not.toMatch(/NaN|Infinity|undefined/);
      expect(answer).not.toMatch(/"(average|avg|min|max|p50|p95|p99)_\w+":\d/);
      expect(answer).not.toMatch(/"(success|error|hit|cache_hit)_rate_percent":\d/);
    },
  );

  it.each(all)('%s keeps hostile names as plain data, in its own shape', async (_, report) => {
    const fleet = hostileFleet();
    const answer = await fleet.ask(report);
    expect(JSON.stringify(answer)).not.toMatch(/NaN|Infinity/);
    expect(Object.prototype).not.toHaveProperty('total_requests');
  });

  it.each(['providers', 'operations', 'stages', 'usage', 'cache', 'queues', 'events'])(
    '%s shows an entry called __proto__ like any other',
    async (name) => {
      const report = Object.fromEntries(all)[name]!;
      const names = namesIn(await hostileFleet().ask(report));
      for (const shown of ['constructor', 'toString', 'a\nb', '😀']) expect([...names]).toContain(shown);
      expect(JSON.stringify(await hostileFleet().ask(report))).toContain('"__proto__":{');
    },
  );

  it.each(all)('%s can be described as JSON schema, with a text for what it is', (_, report) => {
    expect(report.summary).toMatch(/^[A-Z].*\.$/);
    const query = z.toJSONSchema(report.query, { io: 'input' });
    expect(query).toMatchObject({ type: 'object', additionalProperties: false });
    for (const parameter of Object.values(query.properties ?? {})) expect(parameter).toHaveProperty('description');
    expect(z.toJSONSchema(report.answer)).toHaveProperty('type', 'object');
  });

  it.each(windowed)('%s carries the head of windowed answers, series and replicas when asked', async (_, report) => {
    const fleet = new ReportFleet();
    await fleet.pass(20);
    const answer = (await fleet.ask(report, { window: '5m', points: 3, by: 'replica' })) as Record<string, unknown>;
    const now = Date.UTC(2026, 10, 22, 12) / 1000 + 25;
    expect(answer).toMatchObject({
      timestamp: now,
      window: { requested: '5m', from: now - 305, to: now, slot_seconds: 10, data_since: now - 20 },
      replicas_live: 1,
      complete: true,
      gaps: [],
      series: [
        { from: now - 305, to: now - 195 },
        { from: now - 195, to: now - 85 },
        { from: now - 85, to: now },
      ],
      by_replica: { [fleet.one.replica.id]: { name: 'one', version: '1.2.3' } },
    });
  });
});
