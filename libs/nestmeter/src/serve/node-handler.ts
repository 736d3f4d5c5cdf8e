import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteResponse, RouteServer } from './handle.js';

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
    native,
    body: (most) => (parsed === undefined ? readText(request, most) : Promise.resolve(JSON.stringify(parsed) ?? '')),
  });
  // The client may have left, or a time limit of the application answered.
  if (response.headersSent || response.destroyed) return;
  write(answer, request, response);
}

function write({ status, headers, body }: RouteResponse, request: IncomingMessage, response: ServerResponse): void {
  for (const name of foreign) response.removeHeader(name);
  response.writeHead(status, headers);
  if (typeof body === 'string' || request.method === 'HEAD') {
    response.end(request.method === 'HEAD' ? undefined : body);
    return;
  }
  response.flushHeaders();
  const leave = body.connect({
    bufferedBytes: () => response.writableLength,
    write: (text) => void response.write(text),
    // Who does not read would never take the end either.
    close: () => void (response.writableNeedDrain ? response.destroy() : response.end()),
  });
  response.once('close', leave);
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
