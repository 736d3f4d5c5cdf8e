import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { portOf } from '../../../../test/fixtures/http-app.js';
import type { LiveSink } from '../serve/live.js';
import { followOnSocket } from './follow-on-socket.js';

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await sleep(5);
};

describe('followOnSocket', () => {
  let server: Server;
  let sink: LiveSink;
  let follower: { left: number };
  let client: WebSocket;

  const connect = async (options: { autoPong?: boolean } = {}): Promise<void> => {
    const mine = { left: 0 };
    follower = mine;
    server = createServer();
    const handshake = new WebSocketServer({ server, perMessageDeflate: false, maxPayload: 4096 });
    const followed = once(handshake, 'connection').then(([socket]) =>
      followOnSocket(socket as WebSocket, {
        connect: (connected) => {
          sink = connected;
          return () => void mine.left++;
        },
      }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = new WebSocket(`ws://127.0.0.1:${portOf(server)}`, options);
    await Promise.all([once(client, 'open'), followed]);
  };
  afterEach(async () => {
    client.terminate();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });

  it('sends each snapshot as one message', async () => {
    await connect();
    const messages: string[] = [];
    client.on('message', (data, isBinary) => void messages.push(`${isBinary} ${(data as Buffer).toString()}`));
    sink.snapshot('{"a":1}');
    sink.snapshot('{"a":2}');
    await until(() => messages.length === 2);
    expect(messages).toEqual(['false {"a":1}', 'false {"a":2}']);
    expect(follower.left).toBe(0);
  });

  it('keeps a client that answers heartbeats', async () => {
    await connect();
    let pings = 0;
    client.on('ping', () => void pings++);
    for (const heartbeat of [1, 2, 3]) {
      sink.heartbeat();
      await until(() => pings === heartbeat);
      // The answer has arrived by the time that something sent after it has.
      const heard = new Promise((resolve) => client.once('pong', resolve));
      client.ping();
      await heard;
    }
    expect([follower.left, client.readyState]).toEqual([0, WebSocket.OPEN]);
  });

  it('drops a client that does not', async () => {
    await connect({ autoPong: false });
    const closed = once(client, 'close');
    sink.heartbeat();
    sink.heartbeat();
    expect((await closed)[0]).toBe(1006);
    await until(() => follower.left === 1);
  });

  it('says goodbye', async () => {
    await connect();
    const closed = once(client, 'close');
    sink.close();
    expect((await closed)[0]).toBe(1001);
    await until(() => follower.left === 1);
  });

  it('drops a client that never answers the goodbye', async () => {
    await connect();
    client.pause();
    sink.close();
    await until(() => follower.left === 1);
    expect(client.readyState).toBe(WebSocket.OPEN);
  });

  it('drops a client that does not read, and says how much waits for it', async () => {
    await connect();
    client.pause();
    const snapshot = JSON.stringify('x'.repeat(1_000_000));
    while (sink.bufferedBytes() === 0) sink.snapshot(snapshot);
    expect(sink.bufferedBytes()).toBeGreaterThan(0);
    sink.close();
    await until(() => follower.left === 1);
  });

  it('takes no notice of messages, and ends with one that is too long', async () => {
    await connect();
    for (const message of ['hello', '{"subscribe":"*"}', Buffer.alloc(4096)]) client.send(message);
    const heard = new Promise((resolve) => client.once('pong', resolve));
    client.ping();
    await heard;
    expect(follower.left).toBe(0);
    const closed = once(client, 'close');
    client.send(Buffer.alloc(4097));
    expect((await closed)[0]).toBe(1009);
    await until(() => follower.left === 1);
  });
});
