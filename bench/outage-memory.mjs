/*
 * What a replica with 1000 active series holds in memory while its Redis is away for 24 hours, hour by hour, and what is
 * left of what it counted when Redis is back. The clock is simulated, so a day takes minutes; sockets and Redis are real.
 */
import { fork } from 'node:child_process';
import { nextMessage } from './child.mjs';
import { freePort, startRedis } from './redis-server.mjs';

/** Measures an outage. @returns {Promise<{values: object, ratios: object}>} */
async function outageMemory({ quick }) {
  const port = await freePort();
  const script = new URL('outage-replica.mjs', import.meta.url);
  const replica = fork(script, [port, quick ? 0.2 : 24].map(String), { execArgv: ['--expose-gc'] });
  const hours = [];
  for (let told = await nextMessage(replica); !told.over; told = await nextMessage(replica)) {
    console.error(`outage-memory: hour ${told.hour}: ${Math.round(told.keptMb)} MB, ${told.waiting} states wait`);
    hours.push(told);
  }
  const redis = await startRedis(port);
  console.error('outage-memory: Redis is back');
  replica.send('back');
  const after = await nextMessage(replica);
  replica.kill('SIGKILL');
  await redis.stop();
  const most = (name) => Math.max(...hours.map((hour) => hour[name]));
  const at = (wanted) => hours.findLast(({ hour }) => hour <= wanted);
  return {
    values: {
      idle_mb_over_bare: hours[0].idleMb,
      ...Object.fromEntries([1, 6, 12, 24].map((hour) => [`kept_mb_over_bare_after_${hour}h`, at(hour).keptMb])),
      ...Object.fromEntries([1, 6, 12, 24].map((hour) => [`outbox_mb_after_${hour}h`, at(hour).outboxMb])),
      most_kept_mb_over_bare: most('keptMb'),
      most_kept_mb_without_outbox: Math.max(...hours.map(({ keptMb, outboxMb }) => keptMb - outboxMb)),
      most_rss_mb_over_bare: most('rssMb'),
      states_waiting: hours.at(-1).waiting,
      states_dropped: after.dropped,
      states_late: after.late,
      recovery_ms: after.recoveryMs,
      gaps_of_2d: after.gaps,
      // The finest tier is what the outbox gives up first, and what half an hour is read from.
      gap_seconds_of_30m: after.recentGapSeconds,
    },
    // 1: a window that no dropped state belongs to has everything.
    ratios: { answered_vs_counted_2d: after.answered / after.counted },
  };
}

export { outageMemory as 'outage-memory' };
