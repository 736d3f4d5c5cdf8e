/*
 * A replica with 1000 active series through an outage of its Redis on a simulated clock; started by outage-memory.mjs with
 * --expose-gc. Arguments: port at which nobody listens at first, hours. Messages: tells how it does in every simulated
 * hour and `over` at the end; then anything said means that Redis is there: publishes all and answers what is known of it.
 */
const bare = memory();
const { ManualClock } = await import('../libs/nestmeter/dist/clock.js');
const { createMonitor } = await import('../libs/nestmeter/dist/core.js');
const { joinParts } = await import('../libs/nestmeter/dist/monitor-parts.js');
const { readOptions } = await import('../libs/nestmeter/dist/options.js');
const { connected } = await import('./replica.mjs');
const { activeSeries } = await import('./series-load.mjs');

const [port, hours] = process.argv.slice(2).map(Number);
const given = { app: 'outage', redis: `redis://127.0.0.1:${port}`, genaiPrices: false, logLevel: 'silent' };
/** One event of each series in two seconds. */
const [stepSeconds, eventsPerStep] = [4, 2];
const [hour, refreshSeconds] = [3600, 600];

const clock = new ManualClock(Date.now() - hours * hour * 1000);
const { accumulator, publisher, store, sampling } = joinParts(readOptions(given), clock);
const series = activeSeries(5).map((one) => ({ ...one, handle: accumulator.series(one.family, one.labels) }));
const idle = memory();
let calls = 0;
store.start();
for (let second = stepSeconds; second <= hours * hour; second += stepSeconds) {
  clock.advance(stepSeconds * 1000);
  for (const { family, handle, count } of series)
    for (let event = 0; event < eventsPerStep; event++) {
      count(handle, clock.monotonicMs());
      if (family.name === 'llm') calls++;
    }
  publisher.collect();
  if (second % refreshSeconds === 0) {
    // As the timers of a monitor do, if less often: a publish that fails, samples, the summary of its beat.
    await sampling.sample();
    await publisher.flush().catch(() => {});
    // Garbage of ten simulated minutes has come in one second: a process in real time has collected it long ago.
    globalThis.gc();
  }
  if (second % Math.min(hour, hours * hour) === 0) {
    process.send({ hour: second / hour, ...facts() });
    await new Promise((resolve) => setImmediate(resolve));
  }
}
process.send({ over: true });
process.on('disconnect', () => process.exit());
process.on('message', () => void recover());

/** Bytes over the bare process, before anything of ours was loaded. */
function facts() {
  const { kept, rss } = memory();
  return {
    keptMb: (kept - bare.kept) / 1e6,
    idleMb: (idle.kept - bare.kept) / 1e6,
    rssMb: (rss - bare.rss) / 1e6,
    outboxMb: publisher.outbox.bytes / 1e6,
    waiting: publisher.outbox.pending,
    dropped: publisher.outbox.counts.dropped,
  };
}

async function recover() {
  await connected(store);
  // What the simulation took has passed, too.
  clock.advance(Date.now() - clock.wallMs());
  const begun = performance.now();
  await publisher.flush();
  // Losses go out with the publish after.
  await publisher.flush();
  const recoveryMs = performance.now() - begun;
  const late = [...publisher.outbox.counts.late.values()].reduce((sum, count) => sum + count, 0);
  const { dropped } = publisher.outbox.counts;
  await publisher.stop(10_000);
  await store.stop();
  const reader = createMonitor(given);
  reader.start();
  while ((await reader.flush().catch(() => 'away')) === 'away') await new Promise((resolve) => setTimeout(resolve, 20));
  const days = await reader.reports.providers({ window: '2d' });
  const recent = await reader.reports.providers({ window: '30m' });
  await reader.stop();
  process.send({
    counted: calls,
    answered: days.summary.total_requests,
    gaps: days.gaps.length,
    recentGapSeconds: recent.gaps.reduce((sum, { from, to }) => sum + (to - from), 0),
    dropped,
    late,
    recoveryMs,
  });
}

/** What the process holds, once garbage is collected: of the heap and outside of it. */
function memory() {
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { kept: heapUsed + external, rss };
}
