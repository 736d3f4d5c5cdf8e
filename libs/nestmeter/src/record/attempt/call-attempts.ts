import { isBag, peek } from '../llm-error-body.js';
import type { LLMCallStart } from '../llm-call.js';
import type { Recorder } from '../recorder.js';
import type { RequestHost } from './provider-hosts.js';
import { type RateLimitHeaders, type RawHeaders, readRateLimitHeaders } from './rate-limit-headers.js';
import { attemptsOfError, attemptsOfRetryError, retryDelayOfError } from './told-attempts.js';

/** What the attempts of a call came to. */
export interface AttemptCounts {
  /** Attempts after the first; undefined when nothing was seen or told of them. */
  readonly retries: number | undefined;
  /** Attempts that were answered with status 429. */
  readonly rateLimited: number;
}

/** The attempts of a call at one host. */
interface HostAttempts {
  readonly isProvider: boolean;
  retries: number;
  rateLimited: number;
  /** Failures that no further request followed yet. */
  openFailures: number;
}

/** Hosts of a call told apart: the provider, perhaps a second one, and what its tools ask. */
const mostHosts = 16;

/**
 * The HTTP requests that one LLM call makes. A request is a retry when one to the same host has failed before it and no
 * other has followed that failure yet: three good requests of an agent are no retries, and neither is a request that
 * begins while another is still under way.
 */
export class CallAttempts {
  readonly #hosts = new Map<string, HostAttempts>();
  #toldAttempts: number | null = null;
  #hasToldWait = false;

  constructor(
    readonly recorder: Recorder,
    private readonly start: LLMCallStart,
  ) {}

  /** A request begins. Null past 16 hosts. */
  begin({ name, isProvider }: RequestHost): Attempt | null {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      if (this.#hosts.size >= mostHosts) return null;
      host = { isProvider, retries: 0, rateLimited: 0, openFailures: 0 };
      this.#hosts.set(name, host);
    }
    if (host.openFailures > 0) {
      host.openFailures--;
      host.retries++;
    }
    return new Attempt(this, host);
  }

  /** Takes in how many attempts the answer itself tells; that is more exact than what was seen. */
  told(attempts: number): void {
    this.#toldAttempts = attempts;
  }

  /** Takes in what the error itself tells. */
  failed(error: unknown): void {
    this.#toldAttempts ??= attemptsOfError(error) ?? (this.#hosts.size === 0 ? attemptsOfRetryError(error) : null);
    if (this.#hasToldWait || this.#counts.rateLimited === 0) return;
    const retryAfterSeconds = retryDelayOfError(error);
    if (retryAfterSeconds !== null) this.#note({ limits: [], retryAfterSeconds }, false);
  }

  /** What it came to. @param answeredBy the model that answered, if the answer told it */
  end(answeredBy: string | undefined): AttemptCounts {
    const { provider, model } = this.start;
    if (answeredBy !== undefined) this.recorder.headroom.answered(provider, model, answeredBy);
    const { rateLimited, retries } = this.#counts;
    const seen = this.#hosts.size > 0 ? retries : undefined;
    return { retries: this.#toldAttempts === null ? seen : this.#toldAttempts - 1, rateLimited };
  }

  /** Takes in what the headers of an answer tell, unless they are those of something else than the provider. */
  readHeaders(host: HostAttempts, headers: RawHeaders, succeeded: boolean): void {
    if (!host.isProvider && this.#knowsProvider) return;
    const { headroom } = this.recorder;
    this.#note(readRateLimitHeaders(headers, headroom.nowMs()), succeeded);
  }

  #note(told: RateLimitHeaders, succeeded: boolean): void {
    const { provider, model } = this.start;
    if (!succeeded && told.retryAfterSeconds !== null) this.#hasToldWait = true;
    this.recorder.headroom.note(provider, model, told, succeeded);
  }

  /** Whether a host is that of a known provider; then others are those of tools and log-ins. */
  get #knowsProvider(): boolean {
    for (const { isProvider } of this.#hosts.values()) if (isProvider) return true;
    return false;
  }

  get #counts(): { retries: number; rateLimited: number } {
    const onlyProviders = this.#knowsProvider;
    let [retries, rateLimited] = [0, 0];
    for (const host of this.#hosts.values()) {
      if (onlyProviders && !host.isProvider) continue;
      retries += host.retries;
      rateLimited += host.rateLimited;
    }
    return { retries, rateLimited };
  }
}

/** One HTTP request of an LLM call. */
export class Attempt {
  #state: 'sent' | 'answered' | 'failed' = 'sent';

  constructor(
    readonly call: CallAttempts,
    private readonly host: HostAttempts,
  ) {}

  /** The head of the answer is there. */
  answered(status: number, headers: RawHeaders): void {
    // 1xx come before the answer.
    if (this.#state !== 'sent' || status < 200) return;
    this.#state = 'answered';
    if (status === 429) this.host.rateLimited++;
    if (status >= 400) this.#fail();
    this.call.readHeaders(this.host, headers, status < 400);
  }

  /**
   * It broke off. Who aborts a stream has what it wanted; who aborts before the answer did not, as SDKs do past their time
   * limit.
   */
  failed(error: unknown): void {
    if (this.#state === 'sent' || (this.#state === 'answered' && !isAbort(error))) this.#fail();
  }

  #fail(): void {
    this.#state = 'failed';
    this.host.openFailures++;
  }
}

function isAbort(error: unknown): boolean {
  return !isBag(error) || peek(error, 'name') === 'AbortError';
}
