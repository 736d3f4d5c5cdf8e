import { setTimeout as delay } from 'node:timers/promises';
import { Recording } from '../../../../test/fixtures/recording.js';
import { systemClock } from '../clock.js';
import { processFamily } from '../accumulate/families.js';
import { ProcessSampler } from './process.js';

const mebibyte = 1 << 20;

describe('the process sampler', () => {
  let recording: Recording;
  let sampler: ProcessSampler;

  beforeEach(() => {
    recording = new Recording({ clock: systemClock });
    sampler = new ProcessSampler(recording.recorder);
  });

  afterEach(() => {
    sampler.stop();
    recording.close();
  });

  /** Works until the process has used so much processor time, however busy the machine is. */
  const burn = (ms: number): void => {
    const before = process.cpuUsage();
    const used = (): number => Object.values(process.cpuUsage(before)).reduce((sum, us) => sum + us);
    while (used() < ms * 1000);
  };

  it('tells memory of this process in bytes, and its parts fit into the whole', () => {
    sampler.sample();
    const { heap_used, heap_total, rss, external, array_buffers, memory_pressure } = sampler.levels;
    expect(heap_used).toBeGreaterThan(5 * mebibyte);
    expect(heap_total).toBeGreaterThanOrEqual(heap_used!);
    expect(rss).toBeGreaterThan(30 * mebibyte);
    expect(rss).toBeLessThan(20_000 * mebibyte);
    expect(external).toBeGreaterThanOrEqual(array_buffers!);
    expect(memory_pressure).toBeGreaterThan(0);
    expect(memory_pressure).toBeLessThan(100);
  });

  it('tells what the kernel knows on Linux, and leaves it out elsewhere', () => {
    sampler.sample();
    const { levels } = sampler;
    const known = ['stack_used', 'anonymous', 'file_cache', 'shared'].filter((name) => levels[name] !== undefined);
    expect(known).toHaveLength(process.platform === 'linux' ? 4 : 0);
    const resident = levels['anonymous']! + levels['file_cache']! + levels['shared']!;
    expect(known.length === 0 || Math.abs(resident / levels['rss']! - 1) < 0.5).toBe(true);
  });

  it('counts processor time and page faults since the last sample, none twice', () => {
    const before = process.cpuUsage();
    burn(60);
    sampler.sample();
    sampler.sample();
    sampler.sample();
    const { user, system } = process.cpuUsage(before);
    const counted = recording.count(processFamily, [''], 'cpu_us');
    expect(counted).toBeGreaterThanOrEqual(60_000);
    expect(counted).toBeLessThanOrEqual(user + system + 60_000);
    expect(sampler.levels['cpu']).toBeGreaterThanOrEqual(0);
    expect(recording.count(processFamily, [''], 'page_faults')).toBeGreaterThanOrEqual(0);
  });

  it('knows the delay of the event loop from the second sample on, and does not watch it before the first', async () => {
    await delay(120);
    sampler.sample();
    expect(sampler.levels).not.toHaveProperty('event_loop_delay');
    await delay(120);
    sampler.sample();
    expect(sampler.levels['event_loop_delay']).toBeLessThan(500);
    burn(400);
    await delay(60);
    sampler.sample();
    expect(sampler.levels['event_loop_delay']).toBeGreaterThan(20);
  });

  it('records every level as a gauge that holds until the next sample', () => {
    sampler.sample();
    const state = recording.state(processFamily, '')!;
    expect(state.gauges[processFamily.gauge.rss]!.max).toBe(sampler.levels['rss']);
    expect(state.gauges[processFamily.gauge.event_loop_delay] ?? null).toBeNull();
  });
});
