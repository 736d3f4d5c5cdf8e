import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { introduction } from './introduction.js';
import { LocalRedis } from './local-redis.js';
import { type Settings, settingsOrExit } from './settings.js';

const REPLICAS = 3;
/** A replica drains its requests and publishes its last numbers well within this. */
const STOP_DEADLINE_MS = 25_000;
const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

const settings = settingsOrExit();
const replicas: ChildProcess[] = [];
let stopping: Promise<void> | undefined;
const redis = settings.redisUrl === null ? LocalRedis.start().catch(giveUp) : null;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(0));

const redisUrl = settings.redisUrl ?? (await redis!).url;
if (!stopping) {
  for (let number = 0; number < REPLICAS; number++) replicas.push(startReplica(number));
  const urls = await Promise.all(replicas.map(urlOf));
  console.log(introduction(urls, { ...settings, redisUrl }));
}

function startReplica(number: number): ChildProcess {
  const port = settings.port === 0 ? 0 : settings.port + number;
  const replica = fork(MAIN, [], {
    // A terminal sends Ctrl-C to the whole group; the replicas are to hear it from the fleet alone.
    detached: true,
    silent: true,
    env: { ...process.env, ...replicaEnvironment(settings, number), PORT: String(port), REDIS_URL: redisUrl },
  });
  const name = `[replica ${number + 1}]`;
  createInterface(replica.stdout!).on('line', (line) => console.log(`${name} ${line}`));
  createInterface(replica.stderr!).on('line', (line) => console.error(`${name} ${line}`));
  replica.once('exit', (code, signal) => {
    if (stopping) return;
    console.error(`${name} ended unexpectedly (${signal ?? `exit code ${code}`}); stopping the others.`);
    void stop(1);
  });
  return replica;
}

/** Each replica draws its own chances, else all three would send the same requests. */
function replicaEnvironment({ seed, traffic }: Settings, number: number): Record<string, string> {
  return {
    SEED: String((seed + number) % 2 ** 32),
    TRAFFIC: traffic ? 'on' : 'off',
    NESTMETER_REPLICA_NAME: `replica-${number + 1}`,
  };
}

async function urlOf(replica: ChildProcess): Promise<string> {
  const [{ url }] = (await once(replica, 'message')) as [{ url: string }];
  return url;
}

/** Stops all replicas, then Redis, which takes their last numbers; ends this process. */
function stop(exitCode: number): Promise<void> {
  return (stopping ??= (async () => {
    await Promise.all(replicas.map(stopReplica));
    await (await redis)?.stop();
    process.exit(exitCode);
  })());
}

async function stopReplica(replica: ChildProcess): Promise<void> {
  if (replica.exitCode !== null || replica.signalCode !== null) return;
  const ended = once(replica, 'exit');
  replica.kill('SIGTERM');
  const deadline = setTimeout(() => replica.kill('SIGKILL'), STOP_DEADLINE_MS);
  await ended;
  clearTimeout(deadline);
}

function giveUp(error: Error): never {
  console.error(error.message);
  process.exit(1);
}
