import { readFileSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { processFamily } from '../accumulate/families.js';
import type { Recorder } from './recorder.js';

const { counter, gauge } = processFamily;

/** How often the event loop is asked; the delay that it reports includes this. */
const resolutionMs = 50;

/** Samples memory and processor of this process; one sample takes about 0.1 ms. */
export class ProcessSampler {
  readonly #heapLimit = getHeapStatistics().heap_size_limit;
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #isRunning = false;
  /** Intervals of the event loop up to the last sample, and their sum. */
  #intervals = 0;
  #intervalsMs = 0;
  #cpu = process.cpuUsage();
  #faults = faults();
  #atMs: number;
  #levels: Readonly<Record<string, number>> = {};

  constructor(private readonly recorder: Recorder) {
    this.#atMs = recorder.now();
  }

  /** Levels of the last sample by name: bytes for memory, percent for shares. Those the OS does not tell are absent. */
  get levels(): Readonly<Record<string, number>> {
    return this.#levels;
  }

  /** Takes a sample; the first one begins to watch the event loop, whose delay is known from the second one on. */
  sample(): void {
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#delay.enable();
    }
    const { recorder } = this;
    const now = recorder.now();
    const series = recorder.accumulator.named(processFamily, []);
    const memory = process.memoryUsage();
    const cpu = process.cpuUsage();
    const newFaults = faults();
    const usedUs = cpu.user - this.#cpu.user + cpu.system - this.#cpu.system;
    const elapsedMs = Math.max(1, now - this.#atMs);
    const sampled: Record<keyof typeof gauge, number | null> = {
      heap_used: memory.heapUsed,
      heap_total: memory.heapTotal,
      rss: memory.rss,
      external: memory.external,
      array_buffers: memory.arrayBuffers,
      memory_pressure: pressure(memory, this.#heapLimit),
      cpu: (usedUs / 1000 / elapsedMs) * 100,
      event_loop_delay: this.#takeDelay(),
    };
    const levels: Record<string, number> = {};
    for (const name of Object.keys(gauge) as (keyof typeof gauge)[]) {
      const level = sampled[name];
      if (level === null) continue;
      series.setLevel(gauge[name], level, now);
      levels[name] = level;
    }
    const state = series.open(now);
    state.count(counter.cpu_us, usedUs);
    state.count(counter.page_faults, Math.max(0, newFaults - this.#faults));
    this.#levels = { ...levels, ...linuxMemory() };
    this.#cpu = cpu;
    this.#faults = newFaults;
    this.#atMs = now;
  }

  /**
   * Mean delay in milliseconds since the last sample; null if nothing was observed. By difference: a reset would lose
   * the interval that runs while it happens, and with it every pause right after a sample.
   */
  #takeDelay(): number | null {
    const { count, mean } = this.#delay;
    const newIntervals = count - this.#intervals;
    if (newIntervals === 0) return null;
    const meanMs = ((mean / 1e6) * count - this.#intervalsMs) / newIntervals;
    this.#intervals = count;
    this.#intervalsMs = (mean / 1e6) * count;
    return Math.max(0, meanMs - resolutionMs);
  }

  /** Ends what runs in the background. */
  stop(): void {
    this.#delay.disable();
  }
}

/** The heap's share of its limit, or the resident set's share of the container's memory if that is higher; percent. */
function pressure(memory: NodeJS.MemoryUsage, heapLimit: number): number {
  const heap = (memory.heapUsed / heapLimit) * 100;
  const limit = process.constrainedMemory();
  // Without a limit the kernel answers 0 or close to 2^64.
  return limit > 0 && limit < 2 ** 50 ? Math.max(heap, (memory.rss / limit) * 100) : heap;
}

function faults(): number {
  const { minorPageFault, majorPageFault } = process.resourceUsage();
  return minorPageFault + majorPageFault;
}

const linuxFields = { stack_used: 'VmStk', anonymous: 'RssAnon', file_cache: 'RssFile', shared: 'RssShmem' };

/** What /proc tells on Linux; nothing elsewhere. */
function linuxMemory(): Record<string, number> {
  if (process.platform !== 'linux') return {};
  try {
    const status = readFileSync('/proc/self/status', 'latin1');
    const levels: Record<string, number> = {};
    for (const [name, field] of Object.entries(linuxFields)) {
      const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
      if (kilobytes !== undefined) levels[name] = Number(kilobytes) * 1024;
    }
    return levels;
  } catch {
    // A kernel or sandbox without /proc: these levels stay unknown.
    return {};
  }
}
