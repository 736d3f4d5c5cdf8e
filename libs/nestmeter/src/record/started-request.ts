import { categoryOfError } from './error-category.js';
import type { ActiveRequest, HttpRequests } from './http-request.js';
import { classifyLLMError } from './llm-error.js';
import { recordLLMCall } from './llm-record.js';
import { nameOf } from './llm-settle.js';
import type { Recorder } from './recorder.js';
import { isCount } from './refusals.js';

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

  /** Begins a request; without a monitor, or for an endpoint that is left out, it does nothing. Never throws. */
  static start(of: { recorder: Recorder; http: HttpRequests } | null, begun: RequestBegun): StartedRequest {
    if (of === null) return new StartedRequest(null, begun, null);
    const { recorder, http } = of;
    const request = recorder.guard('startRequest', () => {
      const { endpoint, requestBytes, requestId } = begun;
      if (requestBytes != null && !isCount(requestBytes))
        recorder.refusals.refuse('request.requestBytes', 'a whole number of bytes');
      const method = nameOf(begun.method).toUpperCase();
      if (requestId !== undefined) recorder.guard('debug', () => recorder.options.debug(`request ${requestId} began`));
      return http.begin({ path: nameOf(endpoint), method, requestBytes: requestBytes ?? null });
    });
    return new StartedRequest(recorder, begun, request ?? null);
  }

  /** Runs code inside this request: what is tracked there is attributed to it. */
  run<R>(code: () => R): R {
    return this.request === null ? code() : this.request.run(code);
  }

  /** Ends the request; further ends are ignored. A bad status refuses it. Never throws. */
  end(ended: RequestEnded): void {
    const { recorder, request } = this;
    if (recorder === null || request === null || this.#over) return;
    this.#over = true;
    recorder.guard('startRequest', () => this.#end(recorder, request, ended ?? {}));
  }

  #end(recorder: Recorder, request: ActiveRequest, ended: RequestEnded): void {
    const { begun } = this;
    const { status, success, responseBytes, error } = ended;
    const statusKnown = Number.isInteger(status) && status >= 100 && status < 600;
    if (!statusKnown) {
      recorder.refusals.refuse('request.status', 'an HTTP status from 100 to 599');
      request.skip();
    } else if (begun.provider !== undefined) request.run(() => this.#recordCall(recorder, ended));
    request.end({
      route: nameOf(begun.endpoint),
      status,
      responseBytes: responseBytes ?? 0,
      aborted: false,
      errorCategory: error == null ? undefined : categoryOfError(error),
      success: success ?? undefined,
    });
  }

  #recordCall(recorder: Recorder, { status, success, error, costUsd }: RequestEnded): void {
    const { provider = 'unknown', model = 'unknown' } = this.begun;
    const succeeded = success ?? status < 400;
    const category = succeeded ? undefined : classifyLLMError(error ?? { status }).category;
    recordLLMCall(recorder, recorder.llm, {
      provider,
      model,
      durationMs: recorder.now() - this.#startMs,
      costUsd,
      outcome: succeeded ? 'completed' : category === 'cancelled' ? 'cancelled' : 'failed',
      errorCategory: category === 'cancelled' ? undefined : category,
    });
  }
}
