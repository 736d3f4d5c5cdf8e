import type { Semconv } from '../../accumulate/family.js';
import type { LLMCallStart } from '../llm-call.js';
import { CallSpan } from './call-span.js';
import { LLMSpan } from './llm-span.js';
import { loadOpenTelemetry, type OpenTelemetry } from './open-telemetry.js';
import { callAttributes, metadataAttributes, nameOfSpan } from './span-attributes.js';

/** What makes spans. */
export interface SpansOptions {
  /** The peer; {@link openSpans} loads it. */
  readonly api: OpenTelemetry;
  /** Which names of attributes are used where they changed. */
  readonly semconv: Semconv;
  /** Version of this package, for the tracer. */
  readonly version: string;
  /** The declared tags. */
  readonly tags: { has(tag: string): boolean };
  /** Takes note of a failure of the tracer; it never reaches the application. */
  readonly failed: (error: unknown) => void;
}

/**
 * Makes a span of each tracked call, through the tracer that the application has registered with OpenTelemetry. Without one
 * the spans record nothing. Nothing here throws. Costs what the tracer costs, some microseconds a call.
 */
export class Spans {
  constructor(private readonly options: SpansOptions) {}

  /** Begins the span of an LLM call; null where the tracer failed. */
  llmCall({ provider, model, operation }: LLMCallStart): LLMSpan | null {
    const { api, semconv } = this.options;
    return this.#begin(
      () => nameOfSpan(operation, model),
      api.SpanKind.CLIENT,
      () => callAttributes({ provider, model, operation }),
      (span) => new LLMSpan(span, semconv, operation),
    );
  }

  /** Begins the span of an operation; null where the tracer failed. @param metadata all of it, declared tags too */
  operation(name: string, metadata: Readonly<Record<string, unknown>> | undefined): CallSpan | null {
    return this.#begin(
      () => nameOfSpan(name),
      this.options.api.SpanKind.INTERNAL,
      () => metadataAttributes(metadata, this.options.tags),
      (span) => span,
    );
  }

  #begin<S>(
    name: () => string,
    kind: number,
    attributes: () => Parameters<CallSpan['add']>[0],
    made: (span: CallSpan) => S,
  ): S | null {
    const { api, version, failed } = this.options;
    try {
      const { trace, context } = api;
      // Asked for each time: the application may register its tracer after the first call.
      const tracer = trace.getTracer('nestmeter', version);
      const around = context.active();
      const span = tracer.startSpan(name(), { kind, attributes: attributes() }, around);
      return made(new CallSpan({ api, span, context: trace.setSpan(around, span), failed }));
    } catch (error) {
      failed(error);
      return null;
    }
  }
}

/**
 * Spans by the peer `@opentelemetry/api`; null, with one warning that says what to do, where it is missing or cannot be
 * loaded. Never throws.
 */
export function openSpans({
  load = loadOpenTelemetry,
  warn,
  ...options
}: Omit<SpansOptions, 'api'> & {
  readonly warn: (message: string) => void;
  readonly load?: () => OpenTelemetry | null;
}): Spans | null {
  try {
    const api = load();
    if (api !== null) return new Spans({ api, ...options });
    warn(
      'tracing is on and @opentelemetry/api is not installed: no spans are made. Run npm install @opentelemetry/api.',
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warn(`tracing is on and @opentelemetry/api cannot be loaded (${reason}): no spans are made.`);
  }
  return null;
}
