import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMonitor, type PerformanceMonitor } from 'nestmeter/core';
import { parsePrometheus } from '../fixtures/prometheus-parser.js';

const million = 1_000_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Heap in use after a collection, in MiB. */
function heapMb(): number {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

describe('hostile traffic', () => {
  let monitor: PerformanceMonitor;
  beforeEach(() => {
    monitor = createMonitor({ genaiPrices: false });
    monitor.start();
  });
  afterEach(() => monitor.stop());

  it('of a million distinct paths and cache names leaves memory flat, and totals add up', async () => {
    const record = (from: number, to: number): void => {
      for (let number = from; number < to; number++) {
        const request = monitor.startRequest({ endpoint: `/files/${number}`, method: 'GET' });
        request.end({ status: 200 });
        monitor.recordCache(`cache ${number}`, number % 2 === 0);
      }
    };
    record(0, 20_000);
    const before = heapMb();
    record(20_000, million);
    expect(heapMb() - before).toBeLessThan(10);
    const { endpoints, aggregated, endpoints_count: count } = await monitor.reports.endpoints();
    expect(aggregated.total_operations).toBe(million);
    expect(count).toBe(1001);
    const sum = Object.values(endpoints).reduce((total, { stats }) => total + stats.total_operations, 0);
    expect(sum).toBe(million);
    expect((await monitor.reports.cache()).summary).toMatchObject({ total_requests: million, cache_hits: million / 2 });
  }, 120_000);

  it('with names that are dangerous elsewhere is counted as plain text', async () => {
    const names = [
      '__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'a\nb', 'c\r', '"quoted"', "it's", 'back\\slash', 'NUL\0',
      '{x="y"}', 'a:b', '\u202Ertl', '🙂', '\uD800', 'e\u0301', '<img onerror=alert(1)>', '</script>', 'x'.repeat(10 << 20), '__other__', '__mine',
    ]; // prettier-ignore
    for (const name of names)
      monitor.recordLLMCall({ provider: name, model: name, durationMs: 1, inputTokens: 1, outputTokens: 1 });
    const { providers, summary } = await monitor.reports.providers();
    expect(summary.total_requests).toBe(names.length);
    expect(Object.values(providers).reduce((sum, { total_requests: calls }) => sum + calls, 0)).toBe(names.length);
    expect(Object.hasOwn(providers, '__proto__')).toBe(true);
    // What begins as our own names do is refused, counted, and added up under __other__.
    expect(providers['__other__']!.total_requests).toBe(2);
    expect(Object.prototype).not.toHaveProperty('total_requests');
    const text = await monitor.prometheus();
    expect(() => parsePrometheus(text)).not.toThrow();
    expect(text.length).toBeLessThan(1 << 20);
  });
});
