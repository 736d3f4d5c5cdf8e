/* A Redis of the bench's own, without persistence, on a free port, and what it says about its processor time. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** Starts a server, on a free port unless told which; `stop` ends it and removes what it wrote. */
export async function startRedis(given = null) {
  const port = given ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'nestmeter-bench-'));
  const options = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const server = spawn('redis-server', options.map(String), { stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('close', resolve));
  server.once('error', (error) => {
    console.error(`redis-server must be on PATH, got: ${error.message}. Install it, see CONTRIBUTING.md.`);
    process.exit(1);
  });
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => {});
  await client.ping();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    client,
    usage: () => usage(client),
    async stop() {
      client.disconnect();
      kill();
      await ended;
      process.off('exit', kill);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Milliseconds of processor time, bytes and scripts since the server began. */
async function usage(client) {
  const info = await client.info('all');
  const fact = (name) => Number(new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)[1]);
  return {
    cpuMs: 1000 * (fact('used_cpu_user') + fact('used_cpu_sys')),
    receivedBytes: fact('total_net_input_bytes'),
    sentBytes: fact('total_net_output_bytes'),
    scripts: Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(info)?.[1] ?? 0),
  };
}

/** A port that nobody listens at. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
