import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { createMonitor } from 'nestmeter';
import { type Answer, type Asked, ask } from '../fixtures/http-app.js';
import { RewritingProxy } from '../fixtures/rewriting-proxy.js';
import { frameworks, type ServedApp, type ServedOptions } from '../fixtures/served-app.js';
import { root, textOf } from '../source-files.js';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');
const everywhere = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};
const local: Asked = { headers: { host: 'localhost:3000' } };

let app: ServedApp | null = null;
const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  process.env['NODE_ENV'] = 'test';
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  app = null;
});

const starting = (start: (options: ServedOptions) => Promise<ServedApp>) => async (options: ServedOptions) => {
  app = await start({ app: 'page', ...options });
  cleanUps.push(app.stop);
  return (path: string, asked: Asked = local) => ask(app!.port, path, asked);
};

/** The addresses that a document loads. */
const loadedBy = ({ text }: Answer) => [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!);

/** An answer as bytes, which {@link ask} would read as text. */
async function bytesOf(port: number, path: string, headers: Record<string, string>) {
  const request = httpGet({ host: '127.0.0.1', port, path, headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { headers: response.headers, bytes: Buffer.concat(chunks) };
}

describe.each(frameworks)('the page on %s', (name, start) => {
  const serve = starting(start);

  it('is a document with a strict policy, and what it loads can be kept for ever', async () => {
    const get = await serve({});
    const page = await get('/performance/');
    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject({
      ...everywhere,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      vary: 'accept-encoding',
    });
    expect(page.headers).not.toHaveProperty('access-control-allow-origin');
    expect(page.headers).not.toHaveProperty('x-powered-by');
    const loaded = loadedBy(page);
    expect(loaded.length).toBeGreaterThan(0);
    for (const address of loaded) {
      expect(address).toMatch(/^\.\/assets\/[\w-]+-[\w-]{8}\.\w+$/);
      const asset = await get(`/performance/${address.slice(2)}`);
      expect([address, asset.status]).toEqual([address, 200]);
      expect(asset.headers).toMatchObject({
        ...everywhere,
        'cache-control': 'public, max-age=31536000, immutable',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        vary: 'accept-encoding',
      });
      expect(asset.headers['content-type']).toMatch(/^(text\/(javascript|css); charset=utf-8|image\/svg\+xml)$/);
      expect(Number(asset.headers['content-length'])).toBe(Buffer.byteLength(asset.text));
    }
  });

  it('holds no code and no style of its own, which the policy would refuse', async () => {
    const { text } = await (await serve({}))('/performance/');
    expect(text).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:|<base/i);
  });

  it('leaves the policy of every other answer as it is', async () => {
    const get = await serve({});
    for (const path of ['/performance/real-time', '/performance/none', '/performance/assets/none.js'])
      expect((await get(path)).headers).toMatchObject({
        ...everywhere,
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
  });

  it('is not sent again to who has it', async () => {
    const get = await serve({});
    const { headers } = await get('/performance/');
    const etag = headers.etag!;
    for (const fitting of [etag, `"a", ${etag}`, etag.slice(2)]) {
      const again = await get('/performance/', { headers: { host: 'localhost', 'if-none-match': fitting } });
      expect([again.status, again.text, again.headers.etag]).toEqual([304, '', etag]);
      expect(again.headers['content-security-policy']).toBe(policy);
    }
    for (const other of ['"a"', 'W/"a"'])
      expect((await get('/performance/', { headers: { host: 'localhost', 'if-none-match': other } })).status).toBe(200);
  });

  it('travels compressed to who takes that', async () => {
    const get = await serve({});
    const plain = (await get('/performance/')).text;
    const encoded = (coding: string) =>
      bytesOf(app!.port, '/performance/', { host: 'localhost', 'accept-encoding': coding });
    const brotli = await encoded('gzip, deflate, br');
    expect(brotli.headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(brotli.bytes).toString()).toBe(plain);
    const gzip = await encoded('gzip');
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(Number(gzip.headers['content-length'])).toBe(gzip.bytes.length);
    expect(gunzipSync(gzip.bytes).toString()).toBe(plain);
    const identity = await encoded('identity');
    expect([identity.headers['content-encoding'], identity.bytes.toString()]).toEqual([undefined, plain]);
  });

  it('answers HEAD as GET without the body, and no other method', async () => {
    const get = await serve({});
    const [whole, head] = [await get('/performance/'), await get('/performance/', { ...local, method: 'HEAD' })];
    expect([head.status, head.text]).toEqual([200, '']);
    for (const header of ['content-length', 'content-type', 'etag', 'content-security-policy', 'cache-control'])
      expect([header, head.headers[header]]).toEqual([header, whole.headers[header]]);
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const refused = await get('/performance/', { ...local, method });
      expect([method, refused.status, refused.headers.allow]).toEqual([method, 405, 'GET, HEAD']);
    }
  });

  it('is found without the slash, below any prefix, by a redirect that no proxy spoils', async () => {
    const get = await serve({
      prefix: '/ops/llm/numbers',
      aliases: { '/dash': '/', '/deep/er/dash': '/', '/ops/llm/numbers/dash': '/' },
    });
    const from = async (path: string) => {
      const { status, headers, text } = await get(path);
      expect([path, status, headers['cache-control'], text]).toEqual([path, 307, 'no-store', '']);
      return headers.location!;
    };
    for (const path of ['/ops/llm/numbers', '/ops/llm/numbers?window=1h']) expect(await from(path)).toBe('numbers/');
    for (const path of ['/dash', '/dash/', '/deep/er/dash', '/ops/llm/numbers/dash'])
      expect([path, new URL(await from(path), `http://host${path}`).pathname]).toEqual([path, '/ops/llm/numbers/']);
    expect((await get('/ops/llm/numbers/')).status).toBe(200);
    expect((await get('/ops/llm/numbers/?utm_source=mail')).status).toBe(200);
    expect((await get('/performance/')).text).not.toContain('NM_');
  });

  it('works behind a proxy that gives it another path', async () => {
    await serve({ access: { read: 'a-token-to-read-with', trustedProxies: 1 } });
    const proxy = await RewritingProxy.start(app!.port, '/internal/tools/performance', '/performance');
    cleanUps.push(() => proxy.stop());
    const browse = async (address: string): Promise<Response> => fetch(address, { redirect: 'follow' });
    const page = await browse(`http://127.0.0.1:${proxy.port}/internal/tools/performance`);
    expect([page.status, new URL(page.url).pathname]).toEqual([200, '/internal/tools/performance/']);
    const text = await page.text();
    for (const address of loadedBy({ text } as Answer)) {
      const asset = await browse(new URL(address, page.url).href);
      expect([address, asset.status]).toEqual([address, 200]);
      await asset.arrayBuffer();
    }
    expect((await browse(new URL('real-time', page.url).href)).status).toBe(401);
  });

  it.each([
    '/performance/assets/',
    '/performance/assets/..',
    '/performance/assets/../index.html',
    '/performance/assets/..%2findex.html',
    '/performance/assets/..%2f..%2fpackage.json',
    '/performance/assets/%2e%2e%2findex.html',
    '/performance/assets/..%5cindex.html',
    '/performance/assets/%00',
    '/performance/assets//etc/passwd',
    '/performance/assets/%2fetc%2fpasswd',
    '/performance/assets/..;/index.html',
    '/performance/assets/__proto__',
    '/performance/index.html',
    '/performance/../performance/',
    '/performance//',
    '/performance/./',
  ])('answers nothing at %s', async (path) => {
    const get = await serve({});
    const { status, headers, text } = await get(path);
    expect(status).toBe(404);
    expect(JSON.parse(text).error.code).toBe('NM_NOT_FOUND');
    expect(headers['content-type']).toContain('application/json');
  });

  it('is left out when told so, with what is there for it only', async () => {
    const get = await serve({ dashboard: false });
    const asset = '/performance/assets/index.js';
    for (const path of ['/performance', '/performance/', asset, '/performance/session', '/performance/login'])
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    const post = { ...local, method: 'POST' };
    for (const path of ['/performance/login', '/performance/logout'])
      expect([path, (await get(path, post)).status]).toEqual([path, 404]);
    expect((await get('/performance/real-time')).status).toBe(200);
  });

  it('does not show in production until somebody is let in, and is public then, without a single number', async () => {
    process.env['NODE_ENV'] = 'production';
    const hidden = await serve({});
    for (const path of ['/performance', '/performance/', '/performance/session'])
      expect([path, (await hidden(path)).status]).toEqual([path, 404]);
    expect((await hidden('/performance/login', { ...local, method: 'POST' })).status).toBe(404);
    await cleanUps.pop()!();
    const get = await serve({ access: { read: 'a-token-to-read-with' } });
    const page = await get('/performance/');
    expect(page.status).toBe(200);
    expect((await get(`/performance/${loadedBy(page)[0]!.slice(2)}`)).status).toBe(200);
    expect((await get('/performance')).status).toBe(307);
    expect((await get('/performance/real-time')).status).toBe(401);
  });

  it('takes no token from an address', async () => {
    const get = await serve({ access: { read: 'a-token-to-read-with' } });
    for (const path of ['/performance/real-time', '/performance/session', '/performance/live', '/performance/ws'])
      for (const parameter of ['token', 'access_token', 'authorization'])
        expect([path, (await get(`${path}?${parameter}=a-token-to-read-with`)).status]).toEqual([path, 401]);
  });

  it('leaves the application alone', async () => {
    const get = await serve({});
    expect((await get(name.startsWith('Nest') ? '/api/hello' : '/hello')).text).toBe('hello');
    expect((await get('/')).text).not.toContain('Nestmeter');
    expect((await get('/assets/x.js')).status).toBe(404);
  });
});

describe('the page on a port of its own', () => {
  it('is served there and nowhere else', async () => {
    const get = await starting(frameworks[2]![1])({ listen: { host: '127.0.0.1', port: 0 } });
    const { monitor } = app!;
    while (monitor.ownPort === null) await sleep(10);
    const page = await ask(monitor.ownPort, '/performance/', local);
    expect([page.status, page.headers['content-security-policy']]).toEqual([200, policy]);
    expect((await get('/performance/')).status).toBe(404);
  });
});

describe('the package', () => {
  it('contains the page with the licences of what it is made of, and no sources', () => {
    const packed = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: join(root, 'libs/nestmeter'),
      encoding: 'utf8',
    });
    const [{ files }] = JSON.parse(packed.stdout) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['dashboard/index.html', 'dashboard/licenses.md', 'dist/core.js']));
    expect(paths.some((path) => /^dashboard\/assets\/index-[\w-]{8}\.js\.br$/.test(path))).toBe(true);
    expect(paths.filter((path) => /^src\/|\.spec\.|\.tsx?$/.test(path) && !path.endsWith('.d.ts'))).toEqual([]);
    for (const name of ['preact', 'uplot'])
      expect(textOf('libs/nestmeter/dashboard/licenses.md')).toMatch(new RegExp(`^## ${name} - `, 'm'));
  });
});

describe('the page without a framework', () => {
  it('is answered in process like any other route', async () => {
    const monitor = createMonitor({ app: 'page' });
    const { status, headers } = await monitor.routes.handle({
      method: 'GET',
      url: '/performance/',
      headers: { host: 'localhost' },
      remoteAddress: '127.0.0.1',
      native: null,
      body: async () => '',
    });
    expect([status, headers['content-security-policy']]).toEqual([200, policy]);
  });
});
