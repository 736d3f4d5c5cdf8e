import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OnApplicationShutdown } from '@nestjs/common';
import { z } from 'zod';
import { SeededRandom } from '../seeded-random.js';
import { anthropicWire } from './anthropic-wire.js';
import type { Fault } from './known-answer.js';
import type { Provider } from './model-profile.js';
import { openaiWire } from './openai-wire.js';
import { planAnswer, type PlannedAnswer, type SimulatedRequest } from './planned-answer.js';
import { SimulatedRateLimit } from './simulated-rate-limit.js';
import type { FailedStatus, WireFormat } from './wire-format.js';

/** What a simulator draws and how often it fails. */
export interface SimulatorOptions {
  readonly seed: number;
  /** Share (0–1) of calls that meet a fault at their first attempt. */
  readonly errorShare: number;
}

const WIRES: Record<Provider, WireFormat> = { openai: openaiWire, anthropic: anthropicWire };
const MAX_BODY_BYTES = 1024 * 1024;
const HANG_MS = { shortest: 2500, longest: 7000 };

/** The parts that both wire formats share; content may be a text or a list of parts. */
const requestBody = z.object({
  model: z.string(),
  stream: z.boolean().nullish(),
  messages: z
    .array(
      z.object({
        role: z.string(),
        content: z.union([
          z.string(),
          z.array(z.object({ text: z.string().optional() })).transform((parts) => parts.map((p) => p.text).join('')),
        ]),
      }),
    )
    .nonempty(),
});

/**
 * A server on a free loopback port that answers like OpenAI's chat completions and Anthropic's messages, with their
 * latencies, token counts, rate limits and faults. A message can order its answer: see KnownAnswer.
 */
export class ProviderSimulator implements OnApplicationShutdown {
  private readonly random: SeededRandom;
  private readonly rateLimit = new SimulatedRateLimit();
  private readonly server: Server;
  private answered = 0;

  private constructor(private readonly options: SimulatorOptions) {
    this.random = new SeededRandom(options.seed);
    this.server = createServer((request, response) => {
      // A client that goes away ends its answer wherever it is; nobody is left to be told.
      this.serve(request, response).catch(() => response.destroy());
    });
  }

  /** Starts a simulator; it listens when the promise resolves. */
  static async start(options: SimulatorOptions): Promise<ProviderSimulator> {
    const simulator = new ProviderSimulator(options);
    simulator.server.listen(0, '127.0.0.1');
    await once(simulator.server, 'listening');
    return simulator;
  }

  /** Address without a path, for the SDKs' base URL. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Stops listening and cuts the answers under way. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const provider = request.url === anthropicWire.path ? 'anthropic' : 'openai';
    const wire = WIRES[provider];
    const id = `sim${++this.answered}`;
    response.setHeader(wire.requestIdHeader, `req_${id}`);
    if (request.method !== 'POST' || request.url !== wire.path) {
      return sendJson(response, 404, { error: { type: 'not_found_error', message: 'No such route.' } });
    }
    let asked: SimulatedRequest;
    let plan: PlannedAnswer;
    try {
      asked = await readRequest(request);
      plan = planAnswer(provider, asked, this.options.errorShare, this.random);
    } catch (error) {
      return sendError(response, wire, 'invalid_request', (error as Error).message);
    }
    const limit = this.rateLimit.take(`${provider} ${plan.model}`, plan.usage.input + plan.usage.output);
    response.setHeaders(new Map(Object.entries(wire.rateLimitHeaders(limit))));
    await this.answer(response, wire, id, asked, plan);
  }

  private async answer(
    response: ServerResponse,
    wire: WireFormat,
    id: string,
    asked: SimulatedRequest,
    plan: PlannedAnswer,
  ): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const wait = (ms: number): Promise<void> | undefined =>
      ms > 0 ? sleep(ms, undefined, { signal: gone.signal }) : undefined;

    const failure = failedStatus(plan.fault, asked.stream);
    if (plan.fault === 'hang') await wait(this.random.between(HANG_MS.shortest, HANG_MS.longest));
    // A refusal is quick, every other failure comes when the answer would have begun.
    if (failure === 'rate_limit') response.setHeader('retry-after', plan.firstTokenMs === 0 ? 0 : 1);
    else await wait(plan.firstTokenMs);
    if (failure) return sendError(response, wire, failure, `The simulator drew ${failure} for ${plan.model}.`);
    if (!asked.stream) {
      await wait(plan.betweenChunksMs * plan.chunks.length);
      return sendJson(response, 200, wire.answer(id, plan));
    }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
    const { opening, chunks, closing } = wire.stream(id, plan);
    response.write(opening.join(''));
    const breaks = plan.fault === 'stream_error';
    for (const chunk of breaks ? chunks.slice(0, Math.ceil(chunks.length / 2)) : chunks) {
      response.write(chunk);
      await wait(plan.betweenChunksMs);
    }
    response.end(breaks ? wire.streamError() : closing.join(''));
  }
}

/** The error status that stands in for the answer; a stream error has none once the stream has begun. */
function failedStatus(fault: Fault | null, stream: boolean): FailedStatus | null {
  if (fault === null || fault === 'hang') return null;
  if (fault === 'stream_error') return stream ? null : 'server_error';
  return fault;
}

async function readRequest(request: IncomingMessage): Promise<SimulatedRequest> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`The body must be at most ${MAX_BODY_BYTES} bytes.`);
    parts.push(part);
  }
  const body = requestBody.parse(JSON.parse(Buffer.concat(parts).toString()));
  const message = body.messages.findLast(({ role }) => role === 'user')?.content ?? '';
  const retries = Number(request.headers['x-stainless-retry-count'] ?? 0);
  return { model: body.model, message, stream: body.stream === true, isRetry: retries > 0 };
}

function sendError(response: ServerResponse, wire: WireFormat, kind: FailedStatus, message: string): void {
  const { status, body } = wire.error(kind, message);
  sendJson(response, status, body);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
