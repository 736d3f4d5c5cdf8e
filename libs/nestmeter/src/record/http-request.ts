import { endpointFamily } from '../accumulate/families.js';
import { unmatched } from '../accumulate/labels.js';
import type { Series } from '../accumulate/series.js';
import { categoryOfStatus } from './error-category.js';
import { addShare } from './llm-share.js';
import type { Recorder } from './recorder.js';
import { isCount } from './refusals.js';
import { currentScope, type LLMShare, runInScope, type Scope } from './scope.js';
import { UnionTimer } from './union-timer.js';

const { counter, distribution, tally } = endpointFamily;

/** What is known of a request when its first byte is handled. */
export interface RequestStart {
  readonly method: string;
  /** From Content-Length; null when unknown. */
  readonly requestBytes: number | null;
  readonly userAgent?: string | undefined;
  /** Path without query, for `exclude` only: never stored. */
  readonly path: string;
}

/** What is known of a request when its answer has ended. */
export interface RequestEnd {
  /** Route template; null when no route matched. */
  readonly route: string | null;
  readonly status: number;
  /** Head and body; 0 when nothing was sent. */
  readonly responseBytes: number;
  /** Whether the client left before the answer was complete. */
  readonly aborted: boolean;
  /** Whether it succeeded, if that is not to follow from status and `aborted`. */
  readonly success?: boolean | undefined;
  /** Category of the error that failed it, if the edge knows better than the status. */
  readonly errorCategory?: string | undefined;
}

/** What endpoint timing needs to know. */
export interface HttpRequestOptions {
  /** Whether a request is left out, by path and user agent. */
  readonly isExcluded: (path: string, userAgent: string | undefined) => boolean;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);

/** Times the requests of an HTTP server. */
export class HttpRequests {
  #active = 0;
  readonly #ended = (): void => {
    this.#active--;
  };

  constructor(
    private readonly recorder: Recorder,
    private readonly options: HttpRequestOptions,
  ) {}

  /** Requests being handled. */
  get active(): number {
    return this.#active;
  }

  /** Begins a request; null when it is left out. Never throws. */
  begin(start: RequestStart): ActiveRequest | null {
    try {
      if (this.options.isExcluded(start.path, start.userAgent)) return null;
      const request = new ActiveRequest(this.recorder, start, this.#ended);
      this.#active++;
      return request;
    } catch (error) {
      this.recorder.refusals.failed('endpoint', error);
      return null;
    }
  }
}

/** A request being handled: the scope of everything that is tracked inside. */
export class ActiveRequest implements Scope {
  readonly parent = null;
  readonly operation = null;
  readonly isLLMCall = false;
  tags: Readonly<Record<string, string>> | null = null;
  failedProvider: string | null = null;
  readonly #startMs: number;
  #shares: LLMShare[] | null = null;
  #wait: UnionTimer | null = null;
  #failure: string | null = null;
  /** Set once the request has ended: LLM calls that end later still belong to it. */
  #series: Series | null = null;
  #state: 'running' | 'skipped' | 'over' = 'running';

  constructor(
    readonly recorder: Recorder,
    private readonly start: RequestStart,
    private readonly ended: () => void,
  ) {
    this.#startMs = recorder.now();
  }

  /** Runs code inside the request. */
  run<R>(code: () => R): R {
    return runInScope(this, code);
  }

  /** Leaves the request out after all, as `@SkipTracking()` on its handler asks. */
  skip(): void {
    if (this.#state === 'running') this.#state = 'skipped';
  }

  tag(tags: Readonly<Record<string, string>>): void {
    this.tags = { ...this.tags, ...tags };
  }

  /** Counts the request; further ends are ignored. Never throws. */
  end(end: RequestEnd): void {
    if (this.#state === 'over') return;
    const skipped = this.#state === 'skipped';
    this.#state = 'over';
    this.ended();
    if (skipped) return;
    try {
      this.#record(end);
    } catch (error) {
      this.recorder.refusals.failed('endpoint', error);
    }
  }

  /** Notes why something inside failed, as an LLM call that fails does. */
  failedBy(category: string): void {
    this.#failure = category;
  }

  childBegan(): void {}

  childEnded(): void {}

  childTimed(): void {}

  waitBegan(nowMs: number): void {
    (this.#wait ??= new UnionTimer()).begin(nowMs);
  }

  waitEnded(nowMs: number): void {
    this.#wait?.end(nowMs);
  }

  waitTimed(ms: number): void {
    (this.#wait ??= new UnionTimer()).add(ms);
  }

  addLLMCall(share: LLMShare, nowMs: number): void {
    this.#failure = share.failure;
    if (this.#series !== null) addShare(this.#series.open(nowMs), counter, share);
    else if (this.#state === 'running') (this.#shares ??= []).push(share);
  }

  #record(end: RequestEnd): void {
    const { route, status, responseBytes, aborted } = end;
    const { recorder, start } = this;
    const now = recorder.now();
    const elapsed = now - this.#startMs;
    const method = methods.has(start.method) ? start.method : 'OTHER';
    this.#series =
      route === null
        ? recorder.accumulator.named(endpointFamily, [method, unmatched])
        : recorder.series(endpointFamily, method, route);
    const state = this.#series.open(now);
    const success = end.success ?? (!aborted && this.#isSuccess(status));
    state.count(counter.requests);
    if (success) {
      state.count(counter.successes);
      const target = recorder.options.apdexMs(`${method} ${route ?? unmatched}`);
      if (elapsed <= target) state.count(counter.apdex_satisfied);
      else if (elapsed <= 4 * target) state.count(counter.apdex_tolerating);
    } else state.tallyUp(tally.errors, this.#causeOf(end));
    if (aborted) state.count(counter.aborted);
    else if (status >= 500) state.count(counter.server_errors);
    else if (status >= 400) state.count(counter.client_errors);
    if (isCount(start.requestBytes)) state.count(counter.request_bytes, start.requestBytes);
    else state.count(counter.request_sizes_unknown);
    if (isCount(responseBytes)) state.count(counter.response_bytes, responseBytes);
    else recorder.refusals.refuse('endpoint.responseBytes', 'a whole number of bytes');
    state.record(success ? distribution.success_duration : distribution.failure_duration, elapsed);
    state.tallyUp(tally.status_codes, String(status));
    if (this.#wait !== null) {
      const waited = Math.min(elapsed, this.#wait.at(now));
      state.count(counter.provider_wait_us, Math.round(waited * 1000));
    }
    if (this.#shares !== null) for (const share of this.#shares) addShare(state, counter, share);
    this.#shares = null;
  }

  #isSuccess(status: number): boolean {
    const { recorder } = this;
    const { isSuccess } = recorder.options;
    if (isSuccess === undefined) return status < 400;
    return recorder.guard('success', () => isSuccess(status)) ?? status < 400;
  }

  /** The category of a failed request: the LLM failure behind it says more than that the server failed. */
  #causeOf({ status, aborted, errorCategory: told }: RequestEnd): string {
    if (aborted) return 'aborted';
    if (told !== undefined && told !== 'application' && told !== 'server_error') return told;
    // Most 4xx are about the client; these two pass on what a provider said.
    const aboutClient = status >= 400 && status < 500 && status !== 408 && status !== 429;
    const byLLM = aboutClient ? null : this.#failure;
    return byLLM ?? (status >= 400 ? categoryOfStatus(status) : 'server_error');
  }
}

/** The scope of the request that the current code runs in; null outside of any. */
export function currentRequest(): ActiveRequest | null {
  let scope = currentScope();
  while (scope !== null && !(scope instanceof ActiveRequest)) scope = scope.parent;
  return scope;
}
