import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '../fixtures/redis-server.js';

const fleetScript = fileURLToPath(new URL('../../dist/apps/demo/fleet.js', import.meta.url));
const basePort = 20_000 + (process.pid % 20_000);
const addresses = [0, 1, 2].map((replica) => `http://127.0.0.1:${basePort + replica}`);

interface Providers {
  readonly replicas: number;
  readonly complete: boolean;
  readonly summary: { readonly total_requests: number; readonly total_cost_usd: string };
  readonly providers: Readonly<
    Record<string, { tokens: { input_tokens: number; output_tokens: number; cached_tokens: number | null } }>
  >;
}

async function answerOf<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`${url} must answer 200, got ${response.status}`);
  return (await response.json()) as T;
}

describe('the demo fleet', () => {
  let redis: RedisServer;
  let fleet: ChildProcess;

  beforeAll(async () => {
    redis = await RedisServer.start();
    fleet = spawn(process.execPath, [fleetScript], {
      env: { ...process.env, PORT: String(basePort), REDIS_URL: redis.url, TRAFFIC: 'off', NODE_ENV: 'development' },
      stdio: 'ignore',
    });
    for (const address of addresses)
      for (let attempt = 0; ; attempt++) {
        const up = await fetch(`${address}/performance/health`).then((response) => response.ok).catch(() => false); // prettier-ignore
        if (up) break;
        if (attempt > 200) throw new Error(`${address} must come up within 40 s`);
        await sleep(200);
      }
  }, 60_000);

  afterAll(async () => {
    const ended = once(fleet, 'exit');
    fleet.kill('SIGTERM');
    await ended;
    await redis.remove();
  }, 30_000);

  it('reports the exact calls, tokens and cost of 3,000 requests on all three replicas within two seconds', async () => {
    const requests = 3000;
    let next = 0;
    let costNanoUsd = 0n;
    const worker = async (): Promise<void> => {
      for (let request = next++; request < requests; request = next++) {
        const anthropic = request % 2 === 1;
        const [input, output, cached] = [100 + (request % 7), 20 + (request % 5), request % 3];
        const order = `[[in=${input},out=${output},cached=${cached}]]`;
        const body = anthropic
          ? { provider: 'anthropic', model: 'claude-haiku-4-5', message: order }
          : { provider: 'openai', model: 'gpt-4o-mini', message: order, stream: request % 10 === 0 };
        const response = await fetch(`${addresses[request % 3]}/chat`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        await response.text();
        if (response.status >= 300) throw new Error(`request ${request} must succeed, got ${response.status}`);
        // USD per million tokens: gpt-4o-mini 0.15, 0.6, cached 0.075; claude-haiku-4-5 1, 5, cached 0.1.
        const rates = anthropic ? [1000n, 5000n, 100n] : [150n, 600n, 75n];
        const [uncached, out, read] = [BigInt(input - cached), BigInt(output), BigInt(cached)];
        costNanoUsd += uncached * rates[0]! + out * rates[1]! + read * rates[2]!;
      }
    };
    await Promise.all(Array.from({ length: 12 }, worker));
    const sum = (of: (request: number) => number, parity: number): number => {
      let total = 0;
      for (let request = parity; request < requests; request += 2) total += of(request);
      return total;
    };
    await sleep(2000);
    for (const address of addresses) {
      const answer = await answerOf<Providers>(`${address}/performance/providers?window=15m`);
      expect(answer.summary.total_requests).toBe(requests);
      expect(answer.replicas).toBe(3);
      expect(answer.complete).toBe(true);
      for (const [name, parity] of [
        ['openai', 0],
        ['anthropic', 1],
      ] as const)
        // prettier-ignore
        expect(answer.providers[name]!.tokens).toMatchObject({
          input_tokens: sum((request) => 100 + (request % 7), parity),
          output_tokens: sum((request) => 20 + (request % 5), parity),
          cached_tokens: sum((request) => request % 3, parity),
        });
      const digits = costNanoUsd.toString().padStart(10, '0');
      expect(answer.summary.total_cost_usd).toBe(`${digits.slice(0, -9)}.${digits.slice(-9)}`);
      const { endpoints } = await answerOf<{ endpoints: Record<string, { stats: { total_operations: number } }> }>(
        `${address}/performance/endpoints?window=15m&endpoint=${encodeURIComponent('POST /chat')}`,
      );
      expect(endpoints['POST /chat']!.stats.total_operations).toBe(requests);
    }
  }, 120_000);
});
