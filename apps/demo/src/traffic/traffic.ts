import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SeededRandom } from '../seeded-random.js';
import { type Settings, SETTINGS } from '../settings.js';
import { type PlannedRequest, planRequest } from './planned-request.js';

const DAY_MS = 86_400_000;
/** The busiest hour has so much more than the mean, the quietest so much less. */
const WAVE = 0.35;
const BUSIEST_HOUR_UTC = 15;
/** Clients give up after this time; it also bounds how long a stop waits for them. */
const PATIENCE_MS = 15_000;
/** Past this the service does not keep up, and more clients would only make it worse. */
const MAX_UNDER_WAY = 500;

/** Requests per second at a moment: the mean with a gentle wave over the day. */
export function rateAt(meanRate: number, timeMs: number): number {
  const sinceBusiest = timeMs / DAY_MS - BUSIEST_HOUR_UTC / 24;
  return meanRate * (1 + WAVE * Math.cos(2 * Math.PI * sinceBusiest));
}

/** Sends requests to this very service over HTTP, as clients would: at random moments, without waiting for answers. */
@Injectable()
export class Traffic implements OnModuleDestroy {
  private readonly stopping = new AbortController();
  private readonly underWay = new Set<Promise<void>>();
  private running: Promise<void> = Promise.resolve();

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** Starts sending to the given address; call it once, when the service listens. */
  start(url: string): void {
    this.running = this.run(url);
  }

  /** Sends nothing more and waits for the answers under way. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await Promise.all(this.underWay);
  }

  private async run(url: string): Promise<void> {
    const random = new SeededRandom(this.settings.seed);
    const { signal } = this.stopping;
    let due = performance.now();
    while (!signal.aborted) {
      // The moments are planned apart from the sending, so a late timer does not lower the rate.
      due = Math.max(due, performance.now() - 1000) + random.exponential(1000 / rateAt(this.settings.rate, Date.now()));
      await sleep(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => undefined);
      if (signal.aborted || this.underWay.size >= MAX_UNDER_WAY) continue;
      const answered = send(url, planRequest(random)).finally(() => this.underWay.delete(answered));
      this.underWay.add(answered);
    }
  }
}

/** Sends one request and reads its answer. What goes wrong is for the service's numbers to tell, not for the client. */
async function send(url: string, { method, path, body, leavesEarly }: PlannedRequest): Promise<void> {
  try {
    const response = await fetch(url + path, {
      method,
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const reader = response.body?.getReader();
    while (reader && !(await reader.read()).done) if (leavesEarly) return await reader.cancel();
  } catch {
    // A failed request ends like an answered one: the generator goes on.
  }
}
