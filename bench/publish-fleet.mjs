/*
 * The process in which the replicas of the publish bench live; started by publish.mjs.
 * Arguments: port of Redis, number of replicas, what they do with what they count (publish, nothing, increment).
 * Messages: tells `ready`; answers anything with the processor time it used so far, in milliseconds.
 */
import { startIncrements } from './increments.mjs';
import { LoadedReplica } from './replica.mjs';

const [port, count, mode] = process.argv.slice(2);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

for (let number = 0; number < Number(count); number++) {
  if (mode === 'increment') {
    await startIncrements(Number(port));
    continue;
  }
  const replica = new LoadedReplica(`redis://127.0.0.1:${port}`, `fleet-${process.pid}`);
  if (mode === 'publish') {
    replica.remember();
    await replica.startPublishing();
  }
  // Replicas of a fleet did not start together.
  await pause(Math.random() * 30);
  replica.startLoad();
}

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit());
process.send('ready');
