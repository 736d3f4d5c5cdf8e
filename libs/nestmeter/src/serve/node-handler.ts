import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { sendEvents } from './event-stream.js';
import type { RouteServer } from './handle.js';
import type { RouteResponse } from './write-answer.js';

/** Headers that middleware of the application may have set for its own pages. */
const foreign = ['access-control-allow-origin', 'access-control-allow-credentials', 'set-cookie', 'x-powered-by'];

/**
 * Answers one request for our routes on Node's own request and response, which every framework has. Never rejects.
 *
 * @param url path and query as the client sent them, which some frameworks cut while they route
 * @param native what access functions get to see
 * @param parsed the body if something has read and parsed it before
 */
export async function answerOnNode(
  server: RouteServer,
  request: IncomingMessage,
  response: ServerResponse,
  { url, native, parsed }: { url: string; native: unknown; parsed?: unknown },
): Promise<void> {
  const answer = await server.handle({
    method: request.method ?? 'GET',
    url,
    headers: request.headers,
    remoteAddress: request.socket?.remoteAddress,
    isEncrypted: (request.socket as TLSSocket | null)?.encrypted === true,
    native,
    body: (most) => (parsed === undefined ? readText(request, most) : Promise.resolve(JSON.stringify(parsed) ?? '')),
  });
  // The client may have left, or a time limit of the application answered.
  if (response.headersSent || response.destroyed) return;
  write(answer, request, response);
}

function write({ status, headers, body }: RouteResponse, request: IncomingMessage, response: ServerResponse): void {
  for (const name of foreign) response.removeHeader(name);
  response.writeHead(status, request.httpVersionMajor === 1 ? headers : withoutConnection(headers));
  if (request.method === 'HEAD') response.end();
  else if (typeof body === 'string' || Buffer.isBuffer(body)) response.end(body);
  else sendEvents(body, response);
}

/** Headers without those that speak of the connection, which HTTP/2 forbids. */
function withoutConnection(headers: RouteResponse['headers']): RouteResponse['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'connection' && name !== 'upgrade'));
}

/**
 * The body as text; null when it is longer than `mostBytes`. Then the rest is read too and thrown away: leaving early
 * destroys the socket, and a connection that closes while its client still writes loses the answer.
 */
async function readText(request: IncomingMessage, mostBytes: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= mostBytes) chunks.push(chunk);
  }
  return bytes > mostBytes ? null : Buffer.concat(chunks).toString();
}
