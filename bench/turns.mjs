/* How long an event loop stands still. */

/**
 * Looks at every turn of this process's event loop, which keeps its processor busy. A turn counts with the smaller of its
 * wall and processor time: what another process takes is no work of ours.
 *
 * @returns `longest()`, the longest turn so far in milliseconds, and `stop()`, which tells it and ends looking
 */
export function longestTurn() {
  let longest = 0;
  let isLooking = true;
  let [at, cpu] = [performance.now(), process.cpuUsage()];
  const look = () => {
    const [now, used] = [performance.now(), process.cpuUsage(cpu)];
    longest = Math.max(longest, Math.min(now - at, (used.user + used.system) / 1000));
    [at, cpu] = [now, process.cpuUsage()];
    if (isLooking) setImmediate(look);
  };
  setImmediate(look);
  return {
    longest: () => longest,
    stop() {
      isLooking = false;
      return longest;
    },
  };
}
