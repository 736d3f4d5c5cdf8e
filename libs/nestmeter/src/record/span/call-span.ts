import type { OpenSpan, OpenTelemetry, SpanAttributes } from './open-telemetry.js';

/** A span of the tracer, with the context in which it is the current one. */
export interface CallSpanParts {
  readonly api: OpenTelemetry;
  readonly span: OpenSpan;
  readonly context: object;
  readonly failed: (error: unknown) => void;
}

/** The span of one tracked call. A tracer that fails is noted and never reaches the application. */
export class CallSpan {
  #isOver = false;
  #overAt: number | undefined;

  constructor(private readonly parts: CallSpanParts) {}

  /** Runs code inside the span: spans that begin there are its children. Calls `code` exactly once, whatever fails. */
  run<R>(code: () => R): R {
    let ran: { value: R } | { error: unknown } | null = null;
    this.#guard(({ api, context }) =>
      api.context.with(context, () => {
        try {
          ran ??= { value: code() };
        } catch (error) {
          ran = { error };
        }
      }),
    );
    // A closure has set it, which the compiler does not see.
    const outcome = ran as { value: R } | { error: unknown } | null;
    if (outcome === null) return code();
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  /** Whether anybody will see what it is told. */
  get isRecording(): boolean {
    return !this.#isOver && (this.#guard(({ span }) => span.isRecording()) ?? false);
  }

  /** Adds attributes. */
  add(attributes: SpanAttributes): void {
    this.#guard(({ span }) => span.setAttributes(attributes));
  }

  /** The call is over by now, though the span ends later: when its cost is known. */
  stopTheClock(): void {
    this.#overAt ??= performance.now();
  }

  /** Ends it; further ends are ignored. @param errorType low-cardinality name of the error if the call failed */
  end(errorType: string | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#guard(({ span, api }) => {
      if (errorType !== null) {
        span.setAttributes({ 'error.type': errorType });
        span.setStatus({ code: api.SpanStatusCode.ERROR });
      }
    });
    this.#guard(({ span }) => span.end(this.#overAt));
  }

  #guard<R>(code: (parts: CallSpanParts) => R): R | undefined {
    try {
      return code(this.parts);
    } catch (error) {
      this.parts.failed(error);
      return undefined;
    }
  }
}
