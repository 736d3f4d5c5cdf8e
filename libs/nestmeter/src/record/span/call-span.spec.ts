import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Recording } from '../../../../../test/fixtures/recording.js';
import { llmFamily } from '../../accumulate/llm-family.js';
import { operationFamily } from '../../accumulate/families.js';
import { trackOperation } from '../operation.js';
import type { GenaiPrices } from '../price/genai-rates.js';
import { PriceTable } from '../price/price-table.js';
import type { OpenTelemetry } from './open-telemetry.js';
import { openSpans } from './spans.js';

const refuse = (): never => {
  throw new Error('The tracer is broken.');
};

/** A span each of whose methods can be broken. */
class RecordingSpan {
  readonly ends: (number | undefined)[] = [];
  readonly attributes: Record<string, unknown> = {};
  isRecording(): boolean {
    return true;
  }
  setAttributes(attributes: object): void {
    Object.assign(this.attributes, attributes);
  }
  setStatus(): void {}
  end(time?: number): void {
    this.ends.push(time);
  }
}

type Broken = keyof RecordingSpan | 'getTracer' | 'startSpan' | 'setSpan' | 'active' | 'with' | 'with, afterwards';

/** The real package around one span, with one of its functions broken. */
function telemetry(span: RecordingSpan, broken: Broken | null = null): OpenTelemetry {
  if (broken !== null && broken in span) Object.defineProperty(span, broken, { value: refuse });
  const orBroken = <F>(name: Broken, works: F): F => (broken === name ? (refuse as F) : works);
  return {
    SpanKind: api.SpanKind,
    SpanStatusCode: api.SpanStatusCode,
    trace: {
      getTracer: orBroken('getTracer', () => ({ startSpan: orBroken('startSpan', () => span) })),
      setSpan: orBroken('setSpan', (context: object) => context),
    },
    context: {
      active: orBroken('active', () => api.ROOT_CONTEXT),
      with: orBroken('with', <R>(_context: object, code: () => R): R => {
        const result = code();
        return broken === 'with, afterwards' ? refuse() : result;
      }),
    },
  };
}

const failures: unknown[] = [];
const warnings: string[] = [];
let recording: Recording;

function record(openTelemetry: OpenTelemetry, prices?: PriceTable): Recording {
  const spans = openSpans({
    load: () => openTelemetry,
    semconv: 'released',
    version: '1.0.0',
    tags: new Set(),
    failed: (error) => failures.push(error),
    warn: (message) => warnings.push(message),
  });
  return (recording = new Recording({ spans, ...(prices && { prices }) }));
}

afterEach(() => {
  failures.length = 0;
  warnings.length = 0;
  recording?.close();
});

const start = { provider: 'openai', model: 'gpt-5', operation: 'chat', tags: null };
const usage = {
  object: 'chat.completion',
  model: 'gpt-5',
  choices: [],
  usage: { prompt_tokens: 9, completion_tokens: 1 },
};

describe('a tracer that fails', () => {
  const places: Broken[] = [
    'getTracer',
    'startSpan',
    'setSpan',
    'active',
    'with',
    'with, afterwards',
    'isRecording',
    'setAttributes',
    'end',
  ];
  it.each(places)('in %s changes neither result nor counts, and is noted', async (broken) => {
    const { recorder } = record(telemetry(new RecordingSpan(), broken));
    let calls = 0;
    const ask = async () => {
      calls++;
      return usage;
    };
    const result = await trackOperation(
      recorder,
      'step',
      () => recorder.llm.track(start, ask, undefined, []),
      undefined,
      [],
    );
    expect(result).toBe(usage);
    expect(calls).toBe(1);
    expect(recording.count(llmFamily, ['openai', 'gpt-5', 'chat'], 'completed')).toBe(1);
    expect(recording.count(operationFamily, ['step'], 'successes')).toBe(1);
    expect(failures.length).toBeGreaterThan(0);
  });

  it.each(['with', 'with, afterwards', 'setStatus', 'end'] as const)(
    'in %s leaves the error of the method as it is',
    (broken) => {
      const { recorder } = record(telemetry(new RecordingSpan(), broken));
      const error = new Error('of the method');
      const fail = () => {
        throw error;
      };
      expect(() => trackOperation(recorder, 'step', fail, undefined, [])).toThrow(error);
      expect(recording.count(operationFamily, ['step'], 'calls')).toBe(1);
      expect(failures.length).toBeGreaterThan(0);
    },
  );

  it('is asked once per span to end it, whatever came before', async () => {
    const span = new RecordingSpan();
    const { recorder } = record(telemetry(span, 'setAttributes'));
    await recorder.llm.track(start, async () => usage, undefined, []);
    expect(span.ends).toEqual([undefined]);
  });
});

describe('the span of a call whose price is still being loaded', () => {
  it('ends with its cost, at the time at which the call was over', async () => {
    let loaded!: (prices: GenaiPrices) => void;
    const loading = new Promise<GenaiPrices>((resolve) => (loaded = resolve));
    const prices = new PriceTable({ importGenaiPrices: () => loading });
    const span = new RecordingSpan();
    const { recorder } = record(telemetry(span), prices);
    await recorder.llm.track(start, async () => usage, undefined, []);
    const over = performance.now();
    expect(span.ends).toEqual([]);
    loaded({ calcPrice: () => ({ model_price: { input_mtok: 1, output_mtok: 10 } }) });
    await prices.ready();
    await Promise.resolve();
    expect(span.ends).toHaveLength(1);
    expect(span.ends[0]).toBeLessThanOrEqual(over);
    expect(span.attributes).toHaveProperty(['nestmeter.cost_usd'], 0.000019);
  });
});

describe('the package @opentelemetry/api', () => {
  const open = (load: () => OpenTelemetry | null) =>
    openSpans({
      load,
      semconv: 'released',
      version: '1.0.0',
      tags: new Set(),
      failed: refuse,
      warn: (message) => warnings.push(message),
    });

  it('is asked for with one warning where it is missing', () => {
    expect(open(() => null)).toBeNull();
    expect(warnings).toEqual([
      'tracing is on and @opentelemetry/api is not installed: no spans are made. Run npm install @opentelemetry/api.',
    ]);
  });

  it('is not used where it cannot be loaded, which is said', () => {
    expect(open(refuse)).toBeNull();
    expect(warnings).toEqual([
      'tracing is on and @opentelemetry/api cannot be loaded (The tracer is broken.): no spans are made.',
    ]);
  });

  it('may get its tracer after the first call', () => {
    const exporter = new InMemorySpanExporter();
    const spans = openSpans({ semconv: 'released', version: '1.0.0', tags: new Set(), failed: refuse, warn: refuse });
    recording = new Recording({ spans });
    trackOperation(recording.recorder, 'early', () => {}, undefined, []);
    try {
      api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      api.trace.setGlobalTracerProvider(
        new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
      );
      trackOperation(recording.recorder, 'late', () => {}, undefined, []);
      expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['late']);
    } finally {
      api.trace.disable();
      api.context.disable();
    }
  });
});
