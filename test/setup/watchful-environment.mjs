import { setTimeout as sleep } from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';

/** What would keep a process alive. Sockets are not counted: Node's own fetch keeps idle ones for a few seconds. */
const watched = new Set(['Timeout', 'Immediate', 'TCPServerWrap', 'PipeServerWrap', 'ProcessWrap', 'FSEventWrap']);
/** What is on its way out may take this long. */
const graceMs = 5000;

function open() {
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo())
    if (watched.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Fails a spec file that leaves timers, servers or child processes open after its last hook. */
export default class WatchfulEnvironment extends TestEnvironment {
  #before = new Map();
  #hasFailed = false;

  async handleTestEvent(event) {
    if (event.name === 'run_start') this.#before = open();
    if (event.name === 'test_done') this.#hasFailed ||= event.test.errors.length > 0;
    // A test that fails leaves open what it would have closed: its failure is what people must see.
    if (event.name !== 'run_finish' || this.#hasFailed) return;
    const left = () => [...open()].filter(([kind, count]) => count > (this.#before.get(kind) ?? 0));
    const end = performance.now() + graceMs;
    while (left().length > 0 && performance.now() < end) await sleep(50);
    const leaked = left().map(([kind, count]) => `${count} × ${kind}`);
    if (leaked.length > 0) throw new Error(`A spec must close what it opens, got ${leaked.join(', ')} left open.`);
  }
}
