import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';
import { ask, portOf } from '../../../../test/fixtures/http-app.js';
import { systemClock } from '../clock.js';
import { RouteServer } from './handle.js';
import type { MonitorView } from './monitor-view.js';
import { answerOnNode } from './node-handler.js';
import { defineRoute, noQuery } from './route.js';

const token = 'a-token-to-write-with';
const change = defineRoute({
  method: 'POST',
  path: '/things',
  summary: 'Changes something.',
  query: noQuery,
  body: z.strictObject({ text: z.string() }),
  access: 'write',
  handle: async (_context, { body }) => ({ kind: 'json', value: body }),
});
const view: Partial<MonitorView> = {
  version: '0.0.0',
  prefix: '/performance',
  aliases: {},
  access: { write: token },
  corsOrigins: [],
  limits: { readsPerMinute: 600, failedLoginsPerMinute: 10, liveClients: 1, bodyBytes: 65_536 },
  prometheus: { registry: null, semconv: 'released', le: {} },
  clock: systemClock,
  failed: () => {},
};

describe('answerOnNode', () => {
  it('answers a body that is too large with 400 and lets its sender finish', async () => {
    const routes = new RouteServer(view as MonitorView, [change]);
    const server = createServer((request, response) => {
      void answerOnNode(routes, request, response, { url: request.url!, native: request });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const post = (characters: number) =>
      ask(portOf(server), '/performance/things', {
        method: 'POST',
        headers,
        body: JSON.stringify({ text: 'x'.repeat(characters) }),
      });
    expect((await post(60_000)).status).toBe(200);
    const refused = await post(5_000_000);
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('at most 65536 bytes')]);
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
});
