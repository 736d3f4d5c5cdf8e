import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeliveryError } from './delivery-error.js';
import { type Post, post, type Resolve } from './http-post.js';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const never = new AbortController().signal;

/** What comes of a post: null, or the error. */
async function outcome(given: Partial<Post> & Pick<Post, 'url'>, resolve?: Resolve): Promise<DeliveryError | null> {
  const error = await post({ body: '{}', allowPrivate: true, signal: never, ...given }, resolve).catch((thrown: unknown) => thrown); // prettier-ignore
  if (error === undefined) return null;
  if (!(error instanceof DeliveryError)) throw error;
  return error;
}

const addresses = (...all: string[]): Resolve => (_name, _options, done) =>
  done(null, all.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))); // prettier-ignore

describe('a post', () => {
  it('arrives with its body, its headers and nothing that follows it', async () => {
    const got: unknown[] = [];
    const port = await listen((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const { method, url, headers } = request;
        got.push({ method, url, body, type: headers['content-type'], own: headers['x-own'] });
        response.writeHead(204).end();
      });
    });
    expect(
      await outcome({ url: `http://127.0.0.1:${port}/a?b=c`, body: '{"é":1}', headers: { 'x-own': '1' } }),
    ).toBeNull();
    expect(got).toEqual([{ method: 'POST', url: '/a?b=c', body: '{"é":1}', type: 'application/json', own: '1' }]);
  });

  it.each([
    [500, false],
    [503, false],
    [408, false],
    [429, false],
    [400, true],
    [401, true],
    [404, true],
    [302, true],
    [307, true],
  ])('that is answered with %i has not arrived; trying again is of no use: %s', async (status, isFinal) => {
    const visited: string[] = [];
    const port = await listen((request, response) => {
      visited.push(request.url!);
      response.writeHead(status, { location: '/elsewhere', 'retry-after': '7' }).end('secret answer');
    });
    const error = (await outcome({ url: `http://127.0.0.1:${port}/first` }))!;
    expect(error).toMatchObject({ code: 'NM_CHANNEL_FAILED', isFinal, askedMs: isFinal ? null : 7000 });
    expect(error.message).toContain(`HTTP ${status}`);
    expect(error.message).not.toContain('secret');
    expect(visited).toEqual(['/first']);
  });

  it('goes by the status when the answer is endless, or breaks off', async () => {
    const endless = await listen((_, response) => {
      response.writeHead(200);
      const more = setInterval(() => response.write('x'.repeat(16_384)), 1);
      response.on('close', () => clearInterval(more));
    });
    expect(await outcome({ url: `http://127.0.0.1:${endless}` })).toBeNull();
    const broken = await listen((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('x');
      setImmediate(() => request.socket.destroy());
    });
    expect(await outcome({ url: `http://127.0.0.1:${broken}` })).toBeNull();
  });

  it('to a server that hangs up, or to none, says so in a code and not where it was', async () => {
    const closing = await listen((request) => request.socket.destroy());
    const reset = await listen((request) => request.socket.resetAndDestroy());
    for (const port of [closing, reset, 1]) {
      const error = (await outcome({ url: `http://127.0.0.1:${port}/secret-path` }))!;
      expect(error).toMatchObject({ isFinal: false, reason: expect.stringMatching(/^E[A-Z]+$/) as string });
      expect(error.message).not.toMatch(/127|secret/);
    }
  });

  it('trusts no certificate that nobody vouches for', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nestmeter-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', [...request, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const visited: unknown[] = [];
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, () => visited.push(1));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await outcome({ url })).toMatchObject({ isFinal: false, reason: expect.stringMatching(/CERT/) as string });
    expect(visited).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('ends after its deadline when nothing is answered, and at once when it is told to', async () => {
    const port = await listen(() => {});
    const url = `http://127.0.0.1:${port}`;
    expect(await outcome({ url })).toMatchObject({ reason: 'no answer within 5 s', isFinal: false });
    const stop = new AbortController();
    const stopped = outcome({ url, signal: stop.signal });
    stop.abort();
    expect(await stopped).toMatchObject({ isFinal: false });
  }, 20_000);

  it('connects to no name that leads to an address which is not public, be it one of several', async () => {
    const visited: unknown[] = [];
    const port = await listen((_, response) => {
      visited.push(1);
      response.end();
    });
    const url = `https://hooks.example.com:${port}/`;
    for (const found of [
      ['127.0.0.1'],
      ['::1'],
      ['10.0.0.1'],
      ['169.254.169.254'],
      ['1.1.1.1', '127.0.0.1'],
      ['::ffff:127.0.0.1'],
      [],
    ]) {
      // prettier-ignore
      const error = (await outcome({ url, allowPrivate: false }, addresses(...found)))!;
      expect(error).toMatchObject({ code: 'NM_CHANNEL_ADDRESS_REFUSED', isFinal: true });
    }
    expect(await outcome({ url: `https://127.0.0.1:${port}`, allowPrivate: false })).toMatchObject({
      code: 'NM_CHANNEL_ADDRESS_REFUSED',
    });
    expect(visited).toEqual([]);
  });

  it('resolves a name once, and connects to what was checked', async () => {
    let asked = 0;
    const port = await listen((_, response) => response.end());
    const resolve: Resolve = (_name, _options, done) => {
      asked++;
      // Who is asked a second time answers something else.
      done(null, [{ address: asked === 1 ? '192.0.2.1' : '127.0.0.1', family: 4 }]);
    };
    const error = await outcome({ url: `https://hooks.example.com:${port}`, allowPrivate: false }, resolve);
    expect([error?.code, asked]).toEqual(['NM_CHANNEL_ADDRESS_REFUSED', 1]);
  });
});
