import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, portOf } from '../../../../test/fixtures/http-app.js';
import { Recording } from '../../../../test/fixtures/recording.js';
import { endpointFamily } from '../accumulate/families.js';
import { unmatched } from '../accumulate/labels.js';
import { HttpRequests } from './http-request.js';
import { timeRequest } from './node-response.js';

describe('a request on Node', () => {
  let recording: Recording;
  let http: HttpRequests;
  let server: Server;

  async function serve(listener: RequestListener): Promise<number> {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return portOf(server);
  }

  async function settled(): Promise<void> {
    while (http.active > 0) await sleep(2);
  }

  beforeEach(() => {
    recording = new Recording();
    http = new HttpRequests(recording.recorder, { isExcluded: () => false });
  });

  afterEach(async () => {
    recording.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it.each<[string, () => string | null]>([
    ['throws', () => { throw new Error('no router'); }], // prettier-ignore
    ['answers something else than a string', () => 7 as unknown as string],
  ])('whose function for the route %s ends the request without one, and the process goes on', async (_, route) => {
    const port = await serve((request, response) => {
      timeRequest(http, request, response, request.url!, route);
      response.end('fine');
    });
    expect(await ask(port, '/things')).toMatchObject({ status: 200, text: 'fine' });
    await settled();
    expect(recording.count(endpointFamily, ['GET', unmatched], 'requests')).toBe(1);
  });

  describe('of a pipeline of 30', () => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => void warnings.push(warning);
    beforeEach(() => void process.on('warning', warned));
    afterEach(() => void process.off('warning', warned));

    async function pipeline(listener: RequestListener): Promise<Socket> {
      const port = await serve(listener);
      const socket = connect(port, '127.0.0.1');
      socket.resume();
      socket.write('GET /things HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(30));
      return socket;
    }

    const aborted = (): number => recording.count(endpointFamily, ['GET', '/things'], 'aborted');

    it('is counted once, and Node does not warn of a leak of listeners', async () => {
      const socket = await pipeline((request, response) => {
        timeRequest(http, request, response, request.url!, () => '/things');
        setTimeout(() => response.end('fine'), 5);
      });
      while (recording.count(endpointFamily, ['GET', '/things'], 'requests') < 30) await sleep(2);
      socket.destroy();
      await settled();
      expect([aborted(), warnings]).toEqual([0, []]);
    });

    it('is aborted when the client leaves before its turn', async () => {
      let seen = 0;
      const socket = await pipeline((request, response) => {
        timeRequest(http, request, response, request.url!, () => '/things');
        if (++seen === 30) socket.destroy();
      });
      while (seen < 30) await sleep(2);
      await settled();
      expect([aborted(), warnings]).toEqual([30, []]);
    });
  });
});
