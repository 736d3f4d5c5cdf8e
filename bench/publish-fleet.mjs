/*
 * The process in which the replicas of a bench live; started by publish.mjs and scale.mjs.
 * Arguments: port of Redis, number of replicas, what they do with what they count (publish, nothing, increment), and the
 * app; without one of their own, each process is an app and its replicas remember the last half hour.
 * Messages: tells `ready`; ends its replicas at `stop`; begins to look at its turns at `look`, which keeps its processor
 * busy; answers anything with the processor time it used so far and the longest turn seen, in milliseconds.
 */
import { startIncrements } from './increments.mjs';
import { LoadedReplica } from './replica.mjs';
import { longestTurn } from './turns.mjs';

const [port, count, mode, app = null] = process.argv.slice(2);
const replicas = [];
let turns = null;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

for (let number = 0; number < Number(count); number++) {
  if (mode === 'increment') {
    await startIncrements(Number(port));
    continue;
  }
  const replica = new LoadedReplica(`redis://127.0.0.1:${port}`, app ?? `fleet-${process.pid}`);
  replicas.push(replica);
  if (mode === 'publish') {
    if (app === null) replica.remember();
    await replica.startPublishing();
  }
  // Replicas of a fleet did not start together.
  await pause(Math.random() * 30);
  replica.startLoad();
}

process.on('message', (message) => {
  if (message === 'look') turns = longestTurn();
  const ended = message === 'stop' ? Promise.all(replicas.map((replica) => replica.stop())) : Promise.resolve();
  void ended.then(() => {
    const { user, system } = process.cpuUsage();
    process.send({ cpuMs: (user + system) / 1000, longestTurnMs: turns?.longest() ?? null });
  });
});
process.on('disconnect', () => process.exit());
process.send('ready');
