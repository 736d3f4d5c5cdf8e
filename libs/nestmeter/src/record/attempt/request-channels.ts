import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { currentScope, findRecorder } from '../scope.js';
import type { Attempt, CallAttempts } from './call-attempts.js';
import type { RawHeaders } from './rate-limit-headers.js';

/*
 * The HTTP requests of this process, as Node itself tells of them: those of `fetch` and undici, whatever copy, and those of
 * `node:http`. SDKs keep their retries to themselves; here each is seen, with status and headers, while nothing of the SDK
 * is touched. A request begins in the async context of who made it, which leads to the LLM call.
 *
 * Requests over `node:http2` (Bedrock) are not seen; its answers tell their attempts.
 */

/** Of undici's messages, what is looked at. */
interface UndiciMessage {
  readonly request: { readonly method: string; readonly origin: unknown };
  readonly response?: { readonly statusCode: number; readonly headers: RawHeaders };
  readonly error?: unknown;
}

/** Of the messages of `node:http`, what is looked at. */
interface HttpMessage {
  readonly request: ClientRequest;
  readonly response?: IncomingMessage;
  readonly error?: unknown;
}

/** Requests of LLM calls; those of nobody's are in no map. */
const attempts = new WeakMap<object, Attempt>();

const listeners: Readonly<Record<string, (message: unknown) => void>> = {
  'undici:request:create': guarded(({ request }: UndiciMessage) => {
    // SDKs warm connections up with GET and list models; what asks a model is a POST.
    if (request.method === 'POST') begin(request, () => String(request.origin));
  }),
  'undici:request:headers': guarded(({ request, response }: UndiciMessage) => {
    attempts.get(request)?.answered(response!.statusCode, response!.headers);
  }),
  'undici:request:error': guarded(failed),
  'http.client.request.start': guarded(({ request }: HttpMessage) => {
    if (request.method === 'POST')
      begin(request, () => `${request.protocol}//${String(request.getHeader('host') ?? request.host)}`);
  }),
  // Told when the head of the answer is there, whatever its name says.
  'http.client.response.finish': guarded(({ request, response }: HttpMessage) => {
    attempts.get(request)?.answered(response!.statusCode ?? 0, response!.rawHeaders);
  }),
  'http.client.request.error': guarded(failed),
};

function failed({ request, error }: UndiciMessage | HttpMessage): void {
  attempts.get(request)?.failed(error);
}

let watchers = 0;

/**
 * Begins to look at the requests of this process, until the returned function is called. One set of listeners serves all
 * monitors and goes with the last of them.
 */
export function watchRequests(): () => void {
  if (watchers++ === 0) for (const [name, listener] of Object.entries(listeners)) subscribe(name, listener);
  let isWatching = true;
  return () => {
    if (!isWatching) return;
    isWatching = false;
    if (--watchers === 0) for (const [name, listener] of Object.entries(listeners)) unsubscribe(name, listener);
  };
}

function begin(request: object, originOf: () => string): void {
  const call = callUnderWay();
  const recorder = call?.recorder ?? findRecorder();
  if (recorder === null) return;
  const host = recorder.providerHosts.of(originOf());
  if (call === null) {
    if (host.isProvider) recorder.untracked.count(host.name);
    return;
  }
  const attempt = call.begin(host);
  if (attempt !== null) attempts.set(request, attempt);
}

/** The innermost LLM call of the current async context that is not over. */
function callUnderWay(): CallAttempts | null {
  for (let scope = currentScope(); scope !== null; scope = scope.parent) {
    const found = scope.isLLMCall ? scope.attempts : undefined;
    if (found !== undefined) return found;
  }
  return null;
}

/** Nothing may be thrown into the publisher of a channel: Node would end the process. */
function guarded(listener: (message: never) => void): (message: unknown) => void {
  return (message) => {
    try {
      listener(message as never);
    } catch (error) {
      findRecorder()?.refusals.failed('attempts', error);
    }
  };
}
