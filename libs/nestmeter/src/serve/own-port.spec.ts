import { setTimeout as sleep } from 'node:timers/promises';
import { createMonitor } from '../monitor.js';

describe('the option listen', () => {
  it('serves the routes on a port of their own and no longer on that of the application', async () => {
    const monitor = createMonitor({ listen: { port: 0 }, genaiPrices: false });
    monitor.start();
    while (monitor.ownPort === null) await sleep(5);
    monitor.recordCache('answers', true);
    const response = await fetch(`http://127.0.0.1:${monitor.ownPort}/performance/cache`);
    expect(response.status).toBe(200);
    const { caches } = (await response.json()) as { caches: Record<string, { cache_hits: number }> };
    expect(caches['answers']!.cache_hits).toBe(1);
    expect(monitor.routes.owns('/performance/cache')).toBe(false);
    await monitor.stop();
  });

  it('warns and goes on when the port is taken', async () => {
    const first = createMonitor({ listen: { port: 0 }, genaiPrices: false });
    first.start();
    while (first.ownPort === null) await sleep(5);
    const lines: string[] = [];
    const logger = { error() {}, log() {}, warn: (line: string) => lines.push(line) };
    const second = createMonitor({ listen: { port: first.ownPort }, genaiPrices: false, logger });
    second.start();
    while (lines.length === 0) await sleep(5);
    expect(lines[0]).toContain(`cannot be served on 127.0.0.1:${first.ownPort}`);
    expect(second.status()).toBe('running');
    await Promise.all([first.stop(), second.stop()]);
  });
});
