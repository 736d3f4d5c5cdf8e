import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';

const HOST = '127.0.0.1';

/** A redis-server of our own on a free loopback port; it keeps nothing on disk. */
export class LocalRedis {
  private stopping = false;

  private constructor(
    private readonly server: ChildProcess,
    private readonly port: number,
  ) {
    server.once('exit', () => {
      if (!this.stopping) this.sayHowToGoOn();
    });
  }

  /** Starts a server and waits until it takes connections. Rejects with one line that says what to do. */
  static async start(): Promise<LocalRedis> {
    const port = await freePort();
    const server = spawn(
      'redis-server',
      ['--port', String(port), '--bind', HOST, '--save', '', '--appendonly', 'no', '--dir', tmpdir()],
      // A group of its own: Ctrl-C is for the replicas first, which leave their last numbers here.
      { detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let lastLine = '';
    const ready = new Promise<void>((resolve) => {
      createInterface(server.stdout).on('line', (line) => {
        lastLine = line;
        if (line.includes('Ready to accept connections')) resolve();
      });
    });
    const ended = once(server, 'exit').then(
      () => Promise.reject(new Error(`redis-server ended at once: ${lastLine} Start one yourself and set REDIS_URL.`)),
      (error: NodeJS.ErrnoException) => Promise.reject(new Error(whyNotStarted(error))),
    );
    await Promise.race([ready, ended]);
    return new LocalRedis(server, port);
  }

  get url(): string {
    return `redis://${HOST}:${this.port}`;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (this.server.exitCode !== null || this.server.signalCode !== null) return;
    const ended = once(this.server, 'exit');
    this.server.kill('SIGTERM');
    await ended;
  }

  private sayHowToGoOn(): void {
    console.error(
      `redis-server ended. The replicas go on without it; start it again with: redis-server --port ${this.port} --save ''`,
    );
  }
}

function whyNotStarted(error: NodeJS.ErrnoException): string {
  return error.code === 'ENOENT'
    ? 'redis-server was not found. Install it (apt-get install redis-server, brew install redis), or set REDIS_URL.'
    : `redis-server could not be started: ${error.message}. Start one yourself and set REDIS_URL.`;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
