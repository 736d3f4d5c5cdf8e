import { createRequire } from 'node:module';
import { isNotInstalled } from '../../errors.js';

/** What a span can be told. */
export interface OpenSpan {
  isRecording(): boolean;
  setAttributes(attributes: SpanAttributes): unknown;
  setStatus(status: { code: number }): unknown;
  end(time?: number): void;
}

/** Attributes by name. */
export type SpanAttributes = Record<string, string | number | boolean | string[]>;

/** What is used of the optional peer `@opentelemetry/api`: declared here so that our types need no package of theirs. */
export interface OpenTelemetry {
  readonly trace: {
    getTracer(
      name: string,
      version: string,
    ): {
      startSpan(name: string, options: { kind: number; attributes: SpanAttributes }, context: object): OpenSpan;
    };
    setSpan(context: object, span: OpenSpan): object;
  };
  readonly context: {
    active(): object;
    with<R>(context: object, code: () => R): R;
  };
  readonly SpanKind: { readonly INTERNAL: number; readonly CLIENT: number };
  readonly SpanStatusCode: { readonly ERROR: number };
}

/**
 * Loads the peer, or answers null where it is not installed; throws what it throws where it cannot be loaded. Synchronous,
 * so that the first call has a span too: it takes about 10 ms, once.
 */
export function loadOpenTelemetry(): OpenTelemetry | null {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as OpenTelemetry;
  } catch (error) {
    if (isNotInstalled(error, '@opentelemetry/api')) return null;
    throw error;
  }
}
