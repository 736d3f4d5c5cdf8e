import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ask } from '../fixtures/http-app.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = `${root}test/e2e/nest11`;

/**
 * Puts the built package where the application finds it, as an installation would: through a link it would find the Nest of
 * the workspace instead of the application's.
 */
function installPackage(): void {
  const source = `${root}libs/nestmeter`;
  const target = `${folder}/node_modules/nestmeter`;
  if (!existsSync(`${source}/dist/index.js`)) throw new Error('Build the package first: npm run build');
  rmSync(target, { recursive: true, force: true });
  for (const part of ['package.json', 'dist', 'dashboard'])
    cpSync(`${source}/${part}`, `${target}/${part}`, { recursive: true });
}

/** Starts the application; answers its port. */
async function start(adapter: string): Promise<{ app: ChildProcess; port: number }> {
  const env = { ...process.env, NODE_ENV: 'development', NODE_OPTIONS: '', ADAPTER: adapter };
  const app = spawn(process.execPath, [`${folder}/dist/app.js`], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(app, 'exit').then(() => null);
  const line = (await Promise.race([once(createInterface(app.stdout), 'line'), exited])) as [string] | null;
  if (line === null) throw new Error('The application ended before it listened; see its output above.');
  return { app, port: (JSON.parse(line[0]) as { port: number }).port };
}

describe('a CommonJS application on Nest 11', () => {
  beforeAll(() => {
    installPackage();
    const { status, stdout } = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', folder], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`The application does not compile:\n${stdout}`);
  }, 120_000);

  it.each(['express', 'fastify'])('measures and serves on %s', async (adapter) => {
    const { app, port } = await start(adapter);
    expect(JSON.parse((await ask(port, '/chat/7')).text)).toEqual({ id: 7, answer: 'hello', same: true });
    expect((await ask(port, '/chat/none')).status).toBe(400);
    expect((await ask(port, '/chat/skipped')).text).toBe('skipped');
    expect((await ask(port, '/nowhere')).status).toBe(404);
    const report = async (path: string) => JSON.parse((await ask(port, `/performance${path}`)).text);

    const { endpoints } = await report('/endpoints');
    expect(Object.keys(endpoints).sort()).toEqual(['GET /chat/:id', 'GET __unmatched__']);
    expect(endpoints['GET /chat/:id']).toMatchObject({ status_code_counts: { 200: 1, 400: 1 } });
    expect(Object.keys((await report('/operations')).operations).sort()).toEqual(['Chat.answer', 'scoped']);
    const { providers } = await report('/providers');
    expect(providers.openai).toMatchObject({ total_requests: 1 });
    expect((await ask(port, '/performance/metrics')).text).toContain('http_server_request_duration_seconds_bucket');

    app.kill('SIGTERM');
    await once(app, 'exit');
    expect(app.signalCode ?? app.exitCode).toBe('SIGTERM');
  });
});
