import { jest } from '@jest/globals';
import { type LiveSink, LiveStreams } from './live.js';
import type { MonitorView } from './monitor-view.js';

class Sink implements LiveSink {
  readonly got: string[] = [];
  heartbeats = 0;
  buffered = 0;
  closed = false;
  bufferedBytes = () => this.buffered;
  snapshot = (json: string) => void this.got.push(json);
  heartbeat = () => void this.heartbeats++;
  close = () => void (this.closed = true);

  get snapshots(): number {
    return this.got.length;
  }
}

const failures: unknown[] = [];
const view = {
  limits: { readsPerMinute: 600, failedLoginsPerMinute: 10, liveClients: 3, bodyBytes: 65_536 },
  failed: (_where: string, error: unknown) => void failures.push(error),
  nowMs: () => Date.now(),
} as unknown as MonitorView;

describe('LiveStreams', () => {
  let made = 0;
  let live: LiveStreams;
  beforeEach(() => {
    jest.useFakeTimers();
    made = 0;
    live = new LiveStreams(view, async () => `{"made":${++made}}`);
  });
  afterEach(() => {
    live.close();
    jest.useRealTimers();
  });
  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  it('makes one snapshot per tick for all clients with the same interval', async () => {
    const [a, b, other] = [new Sink(), new Sink(), new Sink()];
    live.open(5).connect(a);
    await pass(0);
    live.open(5).connect(b);
    live.open(60).connect(other);
    await pass(10_000);
    expect(made).toBe(4);
    expect([a.snapshots, b.snapshots, other.snapshots]).toEqual([3, 3, 1]);
    expect(a.got[0]).toBe('{"made":1}');
  });

  it('keeps quiet connections open', async () => {
    const sink = new Sink();
    live.open(60).connect(sink);
    await pass(31_000);
    expect(sink.heartbeats).toBe(2);
  });

  it('stops its timers with the last client', async () => {
    const sink = new Sink();
    const leave = live.open(5).connect(sink);
    await pass(0);
    leave();
    expect(jest.getTimerCount()).toBe(0);
    expect(live.clients).toBe(0);
    leave();
    expect(live.clients).toBe(0);
  });

  it('takes no more clients than allowed', async () => {
    const leaves = [1, 2, 3].map(() => live.open(5).connect(new Sink()));
    expect(() => live.open(5)).toThrow(expect.objectContaining({ code: 'NM_TOO_MANY_STREAMS' }));
    leaves[0]!();
    expect(() => live.open(5)).not.toThrow();
  });

  it('closes who does not read', async () => {
    const sink = new Sink();
    live.open(1).connect(sink);
    await pass(0);
    sink.buffered = 256 * 1024 + 1;
    await pass(1000);
    expect(sink.closed).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('ends with the session of who asked, and leaves the others', async () => {
    const [ending, staying] = [new Sink(), new Sink()];
    const leave = live.open(5, Date.now() + 12_000).connect(ending);
    live.open(5).connect(staying);
    await pass(11_000);
    expect(ending.closed).toBe(false);
    await pass(9000);
    expect([ending.closed, ending.snapshots]).toEqual([true, 3]);
    expect([staying.closed, staying.snapshots]).toEqual([false, 5]);
    leave();
    expect(live.clients).toBe(1);
  });

  it('forgets the end of a session whose client has left', async () => {
    live.open(5, Date.now() + 90 * 86_400_000).connect(new Sink())();
    await pass(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('leaves out ticks while a snapshot is being made, and survives one that fails', async () => {
    let finish: (json: string) => void = () => {};
    let calls = 0;
    live = new LiveStreams(view, () => {
      calls++;
      return calls === 2 ? Promise.reject(new Error('no')) : new Promise((resolve) => (finish = resolve));
    });
    const sink = new Sink();
    live.open(1).connect(sink);
    await pass(5000);
    expect(calls).toBe(1);
    finish('{}');
    await pass(2000);
    expect([calls, failures.length]).toEqual([3, 1]);
    finish('{}');
    await pass(0);
    expect(sink.snapshots).toBe(2);
  });

  it('ends all streams when closed and takes no more', async () => {
    const sink = new Sink();
    const { connect } = live.open(5);
    live.open(5).connect(sink);
    live.close();
    expect(sink.closed).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
    expect(() => live.open(5)).toThrow(expect.objectContaining({ code: 'NM_TOO_MANY_STREAMS' }));
    const late = new Sink();
    connect(late);
    expect(late.closed).toBe(true);
  });
});
