import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { ProviderServer } from '../../../../../test/fixtures/provider-server.js';
import { createMonitor, type PerformanceMonitor } from '../../monitor.js';
import type { MonitorOptions } from '../../options.js';
import { TrackLLMCall, TrackOperation } from '../decorators.js';

const exporter = new InMemorySpanExporter();
let server: ProviderServer;
let monitor: PerformanceMonitor;

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  server = await ProviderServer.start();
});

afterEach(async () => {
  exporter.reset();
  await monitor.stop();
});

afterAll(async () => {
  await server.stop();
  trace.disable();
  context.disable();
});

function start(options: MonitorOptions = {}): PerformanceMonitor {
  monitor = createMonitor({ app: 'spans', tracing: true, genaiPrices: false, prices: openaiPrices, ...options });
  monitor.start();
  return monitor;
}

const openaiPrices = {
  openai: { 'gpt-5-mini*': { inputPerMillion: 0.25, cachedInputPerMillion: 0.025, outputPerMillion: 2 } },
};
const messages = [{ role: 'user' as const, content: 'a secret prompt' }];

class Chat {
  readonly completions = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'test', maxRetries: 0 }).chat.completions;

  @TrackLLMCall({ provider: 'openai', model: 'gpt-5-mini' })
  complete() {
    return this.completions.create({ model: 'gpt-5-mini', messages });
  }

  @TrackLLMCall({ provider: 'openai', model: 'gpt-5-mini' })
  async stream() {
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    return this.completions.create({ model: 'gpt-5-mini', messages, ...options });
  }

  @TrackOperation('answer', { metadata: () => ({ team: 'search', ticket: 'T-1', attempt: 2, urgent: true, body: {} }) })
  async answer(): Promise<string> {
    trace.getTracer('application').startSpan('before').end();
    const { choices } = await this.complete();
    trace.getTracer('application').startSpan('after').end();
    return choices[0]!.message.content!;
  }

  @TrackOperation('pieces')
  async *pieces(): AsyncGenerator<string> {
    for await (const chunk of await this.stream()) {
      trace.getTracer('application').startSpan('piece').end();
      yield chunk.choices[0]?.delta.content ?? '';
    }
  }

  @TrackLLMCall({ provider: 'openai', model: 'gpt-5-mini' })
  async retried() {
    return this.complete();
  }
}

const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
const span = (name: string): ReadableSpan => spans().find((each) => each.name === name)!;
const parentOf = (child: ReadableSpan): string | undefined =>
  spans().find((each) => each.spanContext().spanId === child.parentSpanContext?.spanId)?.name;
const secondsOf = ({ duration: [seconds, nanos] }: ReadableSpan): number => seconds + nanos / 1e9;

/** What the fixture server tells of every answer. */
const answered = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-5-mini',
  'gen_ai.response.model': 'gpt-5-mini-2025',
  'gen_ai.response.finish_reasons': ['stop'],
  'gen_ai.usage.input_tokens': 120,
  'gen_ai.usage.output_tokens': 30,
  'gen_ai.usage.cache_read.input_tokens': 100,
  'gen_ai.usage.reasoning.output_tokens': 12,
  'nestmeter.cost_usd': 0.0000675,
  'nestmeter.outcome': 'completed',
};

describe('the span of an LLM call', () => {
  it('has the name, kind and attributes of the conventions, and our cost', async () => {
    start();
    await new Chat().complete();
    expect(spans()).toHaveLength(1);
    expect(spans()[0]).toMatchObject({ name: 'chat gpt-5-mini', kind: SpanKind.CLIENT, status: { code: 0 } });
    expect(spans()[0]!.attributes).toEqual(answered);
    expect(spans()[0]!.instrumentationScope.name).toBe('nestmeter');
  });

  it('ends when the stream does, with the time to the first chunk', async () => {
    start();
    const stream = await new Chat().stream();
    expect(spans()).toEqual([]);
    for await (const _ of stream);
    const { 'gen_ai.response.time_to_first_chunk': first, ...others } = spans()[0]!.attributes;
    expect(others).toEqual({ ...answered, 'gen_ai.request.stream': true });
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(secondsOf(spans()[0]!));
  });

  it('is an error of its category when the call failed, with nothing of the message', async () => {
    start();
    server.behave({ status: 429 });
    await expect(new Chat().complete()).rejects.toHaveProperty('status', 429);
    expect(spans()[0]).toMatchObject({ status: { code: SpanStatusCode.ERROR } });
    expect(spans()[0]!.status).not.toHaveProperty('message');
    expect(spans()[0]!.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-5-mini',
      'gen_ai.response.finish_reasons': ['error'],
      'nestmeter.outcome': 'failed',
      'error.type': 'rate_limit',
    });
    expect(spans()[0]!.events).toEqual([]);
  });

  it.each([
    ['error-event', 'failed', 'server_error'],
    ['early', 'incomplete', 'incomplete'],
  ] as const)('is an error when a stream ends with %s', async (ending, outcome, type) => {
    start();
    server.behave({ ending });
    const drained = new Chat().stream().then(async (stream) => {
      for await (const _ of stream);
    });
    await drained.catch(() => {});
    expect(spans()[0]!.status.code).toBe(SpanStatusCode.ERROR);
    expect(spans()[0]!.attributes).toMatchObject({ 'nestmeter.outcome': outcome, 'error.type': type });
  });

  it('is no error when the consumer left early', async () => {
    start();
    server.behave({ ending: 'hang' });
    for await (const _ of await new Chat().stream()) break;
    expect(spans()[0]!.status.code).toBe(SpanStatusCode.UNSET);
    expect(spans()[0]!.attributes).toMatchObject({
      'nestmeter.outcome': 'stopped',
      'gen_ai.response.finish_reasons': ['error'],
    });
    expect(spans()[0]!.attributes).not.toHaveProperty(['error.type']);
  });

  it('leaves tokens and cost to the tracked call inside', async () => {
    start();
    await new Chat().retried();
    const [inner, outer] = spans();
    expect(inner!.attributes).toEqual(answered);
    expect(parentOf(inner!)).toBe('chat gpt-5-mini');
    const counted = Object.keys(outer!.attributes).filter((name) => /usage|cost/.test(name));
    expect(counted).toEqual([]);
  });

  it('says cache writes in the words of the convention that is asked for', async () => {
    const answer = { usage: { input_tokens: 5 } };
    const extract = () => ({ inputTokens: 9, cacheWriteTokens: 4, outputTokens: 1 });
    class Custom {
      @TrackLLMCall({ provider: 'anthropic', operation: 'chat', extract })
      ask() {
        return answer;
      }
    }
    start();
    new Custom().ask();
    expect(spans()[0]!.name).toBe('chat');
    expect(spans()[0]!.attributes).toHaveProperty(['gen_ai.usage.cache_creation.input_tokens'], 4);
    exporter.reset();
    await monitor.stop();
    start({ semconv: 'latest' });
    new Custom().ask();
    expect(spans()[0]!.attributes).toHaveProperty(['gen_ai.usage.cache_write.input_tokens'], 4);
  });
});

describe('the span of an operation', () => {
  it('has the metadata that is no declared tag, bounded, and is the parent of what is inside', async () => {
    start({ tags: ['team'] });
    await new Chat().answer();
    expect(span('answer')).toMatchObject({ kind: SpanKind.INTERNAL, status: { code: 0 } });
    expect(span('answer').attributes).toEqual({
      'nestmeter.tag.team': 'search',
      'nestmeter.metadata.ticket': 'T-1',
      'nestmeter.metadata.attempt': 2,
      'nestmeter.metadata.urgent': true,
    });
    expect(['before', 'after', 'chat gpt-5-mini'].map((name) => parentOf(span(name)))).toEqual([
      'answer',
      'answer',
      'answer',
    ]);
    expect(span('chat gpt-5-mini').attributes).toEqual({ ...answered, 'nestmeter.tag.team': 'search' });
  });

  it('is the parent over a stream that it yields', async () => {
    start();
    for await (const _ of new Chat().pieces());
    expect(parentOf(span('chat gpt-5-mini'))).toBe('pieces');
    expect(
      spans()
        .filter(({ name }) => name === 'piece')
        .map(parentOf),
    ).toEqual(
      spans()
        .filter(({ name }) => name === 'piece')
        .map(() => 'pieces'),
    );
    expect(spans().at(-1)!.name).toBe('pieces');
  });

  it('is inside the span of the application, which is the current one again afterwards', async () => {
    start();
    await trace.getTracer('application').startActiveSpan('request', async (request: Span) => {
      await monitor.track('step', async () => Promise.resolve());
      expect(trace.getActiveSpan()).toBe(request);
      request.end();
    });
    expect(parentOf(span('step'))).toBe('request');
  });

  it('is an error of a category when it failed, not when it was cancelled', () => {
    start();
    const fail = (error: Error) => () => {
      throw error;
    };
    expect(() => monitor.track('broken', fail(new Error('a secret')))).toThrow('a secret');
    expect(() => monitor.track('left', fail(new DOMException('gone', 'AbortError')))).toThrow('gone');
    expect(span('broken')).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'application' },
    });
    expect(span('left').status.code).toBe(SpanStatusCode.UNSET);
    monitor.startOperation('by hand').end({ success: false });
    expect(span('by hand').status.code).toBe(SpanStatusCode.ERROR);
  });

  it('stays bounded whatever names and metadata hold', () => {
    start();
    const metadata = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`key${index}`, 'x'.repeat(10_000)]),
    );
    monitor.track('y'.repeat(10_000), () => {}, { metadata: { nothing: null, wrong: Number.NaN, ...metadata } });
    const [only] = spans();
    expect(only!.name).toHaveLength(256);
    expect(Object.keys(only!.attributes)).toHaveLength(32);
    expect(Object.values(only!.attributes).every((value) => String(value).length === 256)).toBe(true);
  });
});

describe('an SDK that makes spans of its own', () => {
  const ask = (options: { openTelemetry?: false }) => {
    class Claude {
      readonly messages = new Anthropic({ baseURL: server.url, apiKey: 'test', maxRetries: 0, ...options }).messages;

      @TrackLLMCall({ provider: 'anthropic', model: 'claude-test' })
      complete() {
        return this.messages.create({ model: 'claude-test', max_tokens: 10, messages });
      }
    }
    return new Claude().complete();
  };

  it('makes it inside ours', async () => {
    start();
    await ask({});
    const [own, ours] = spans();
    expect(spans()).toHaveLength(2);
    expect(ours!.instrumentationScope.name).toBe('nestmeter');
    expect(own!.parentSpanContext?.spanId).toBe(ours!.spanContext().spanId);
  });

  it('leaves it to us when told so', async () => {
    start();
    await ask({ openTelemetry: false });
    expect(spans().map(({ instrumentationScope }) => instrumentationScope.name)).toEqual(['nestmeter']);
  });
});

describe('without the option', () => {
  it('no span is made', async () => {
    start({ tracing: false });
    await new Chat().answer();
    expect(spans().map(({ name }) => name)).toEqual(['before', 'after']);
  });
});
