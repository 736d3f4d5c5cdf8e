import { categoryOfError } from './error-category.js';
import type { ActiveRequest, HttpRequests } from './http-request.js';
import { recordLLMCall } from './llm-record.js';
import type { Recorder } from './recorder.js';

/** A request that begins, told by hand. */
export interface RequestBegun {
  /** Goes to the debug log only: ids are never dimensions. */
  readonly requestId?: string | undefined;
  /** Route template, such as `/chat/:id`; never a raw URL. */
  readonly endpoint: string;
  readonly method: string;
  /** Given when the request is one call of an LLM provider: then that is counted too. */
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly requestBytes?: number | undefined;
}

/** How a request ended, told by hand. */
export interface RequestEnded {
  readonly status: number;
  /** Default: as the status says. */
  readonly success?: boolean | undefined;
  readonly responseBytes?: number | undefined;
  readonly error?: unknown;
  /** Cost of the provider's call. */
  readonly costUsd?: number | string | undefined;
}

/** A request begun by hand; nothing is counted until {@link end}. */
export class StartedRequest {
  readonly #startMs: number;
  #over = false;

  private constructor(
    private readonly recorder: Recorder | null,
    private readonly begun: RequestBegun,
    private readonly request: ActiveRequest | null,
  ) {
    this.#startMs = recorder?.now() ?? 0;
  }

  /** Begins a request; without a monitor, or for an endpoint that is left out, it does nothing. */
  static start(of: { recorder: Recorder; http: HttpRequests } | null, begun: RequestBegun): StartedRequest {
    const { endpoint: path, method, requestBytes = null, requestId } = begun;
    const request = of?.http.begin({ path, method, requestBytes }) ?? null;
    if (requestId !== undefined) of?.recorder.options.debug(`request ${requestId} began`);
    return new StartedRequest(of?.recorder ?? null, begun, request);
  }

  /** Runs code inside this request: what is tracked there is attributed to it. */
  run<R>(code: () => R): R {
    return this.request === null ? code() : this.request.run(code);
  }

  /** Ends the request; further ends are ignored. */
  end({ status, success, responseBytes = 0, error, costUsd }: RequestEnded): void {
    const { recorder, request, begun } = this;
    if (recorder === null || request === null || this.#over) return;
    this.#over = true;
    const errorCategory = error === undefined ? undefined : categoryOfError(error);
    if (begun.provider !== undefined) {
      const durationMs = recorder.now() - this.#startMs;
      const { provider, model = 'unknown' } = begun;
      const succeeded = success ?? status < 400;
      request.run(() =>
        recordLLMCall(recorder, recorder.llm, {
          provider,
          model,
          durationMs,
          costUsd,
          success: succeeded,
          errorCategory: succeeded ? undefined : errorCategory,
        }),
      );
    }
    request.end({ route: begun.endpoint, status, responseBytes, aborted: false, errorCategory, success });
  }
}
