import { effect, type Signal, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Answers, RouteName } from './answers.js';
import { isAdmitted, isFollowing } from './following.js';
import { loginBy } from './session.js';
import { type Query, read, RequestFailure, routeAddress } from './request.js';

/** What is known of a route's answer. */
export interface Reading<Answer> {
  /** The last answer; stays while a newer one is asked for and when that fails. */
  readonly answer: Answer | null;
  /** Why the last question was not answered; null when it was. */
  readonly failure: RequestFailure | null;
  /** When the answer came, by the clock of the viewer. */
  readonly receivedMs: number | null;
}

const nothing: Reading<never> = { answer: null, failure: null, receivedMs: null };
const slowestMs = 60_000;
/** A route that is not there may come with a new release; there is no hurry. */
const absentMs = 300_000;
/** How long an answer is kept that nobody looks at, so that going back shows it at once. */
const keptMs = 60_000;

/**
 * A question that is asked again as long as somebody looks at its answer: one request at a time, whoever looks, none while
 * the page is hidden or paused, fewer while it fails.
 */
class Resource<Route extends RouteName> {
  readonly reading: Signal<Reading<Answers[Route]>> = signal(nothing);
  #intervals: number[] = [];
  #timer: number | undefined;
  #asking: AbortController | null = null;
  #failures = 0;
  #dueMs = 0;
  readonly #endFollowing: () => void;

  constructor(
    private readonly route: Route,
    private readonly query: Query,
    private readonly forgotten: () => void,
  ) {
    this.#endFollowing = effect(() => {
      if (isFollowing.value) this.#plan();
      else this.#stop();
    });
  }

  /** Follows the answer until the function that it returns is called. */
  watch(everyMs: number): () => void {
    this.#intervals.push(everyMs);
    // Whoever follows may be in more of a hurry than those before.
    this.#dueMs = Math.min(this.#dueMs, (this.reading.peek().receivedMs ?? 0) + everyMs);
    this.#plan();
    return () => {
      this.#intervals.splice(this.#intervals.indexOf(everyMs), 1);
      if (this.#intervals.length > 0) return;
      this.#stop();
      this.#timer = window.setTimeout(() => this.#forget(), keptMs);
    };
  }

  /** Asks now, as after a change. */
  refresh(): void {
    this.#dueMs = 0;
    this.#plan();
  }

  #forget(): void {
    this.#endFollowing();
    this.forgotten();
  }

  #stop(): void {
    window.clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
  }

  #plan(): void {
    if (this.#intervals.length === 0 || this.#asking !== null || !isFollowing.peek()) return;
    window.clearTimeout(this.#timer);
    const wait = Math.max(0, this.#dueMs - Date.now());
    if (wait === 0) void this.#ask();
    else this.#timer = window.setTimeout(() => void this.#ask(), wait);
  }

  async #ask(): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const answer = await read(this.route, this.query, asking.signal);
      if (asking.signal.aborted) return;
      this.#failures = 0;
      this.#dueMs = Date.now() + Math.min(...this.#intervals);
      this.reading.value = { answer, failure: null, receivedMs: Date.now() };
    } catch (error) {
      if (asking.signal.aborted) return;
      this.#failed(error);
    } finally {
      if (this.#asking === asking) this.#asking = null;
    }
    this.#plan();
  }

  #failed(error: unknown): void {
    const failure = error instanceof RequestFailure ? error : new RequestFailure(null, 'unreadable', String(error));
    if (failure.status === 401) {
      loginBy.value = failure.loginBy;
      isAdmitted.value = false;
    }
    this.#failures += 1;
    const backoffMs = Math.min(slowestMs, Math.min(...this.#intervals) * 2 ** (this.#failures - 1));
    const waitMs = failure.retryAfterSeconds === null ? backoffMs : failure.retryAfterSeconds * 1000;
    this.#dueMs = Date.now() + (failure.status === 404 ? absentMs : waitMs);
    this.reading.value = { ...this.reading.peek(), failure };
  }
}

const resources = new Map<string, Resource<RouteName>>();

function resourceOf<Route extends RouteName>(route: Route, query: Query): Resource<Route> {
  const key = routeAddress(route, query);
  let resource = resources.get(key);
  if (resource === undefined) {
    resource = new Resource<RouteName>(route, query, () => resources.delete(key));
    resources.set(key, resource);
  }
  return resource as unknown as Resource<Route>;
}

/**
 * The answer of a route, kept up to date while the component is shown. While a question with other parameters is under
 * way the answer to the last one stays, so that nothing jumps; give a component a key where that would mislead.
 */
export function useAnswer<Route extends RouteName>(
  route: Route,
  query: Query | null,
  everyMs: number,
): Reading<Answers[Route]> & { readonly isOld: boolean } {
  const key = query === null ? null : routeAddress(route, query);
  const resource = query === null ? null : resourceOf(route, query);
  const last = useRef<Answers[Route] | null>(null);
  // The address says all of the question.
  useEffect(() => resource?.watch(everyMs), [key, everyMs]);
  const reading = resource?.reading.value ?? nothing;
  if (reading.answer !== null) last.current = reading.answer;
  return {
    ...reading,
    answer: reading.answer ?? last.current,
    isOld: reading.answer === null && last.current !== null,
  };
}

/** Asks again for every answer of some routes that is shown, as after a change. */
export function refresh(...routes: readonly RouteName[]): void {
  const beginnings = routes.map((route) => routeAddress(route));
  for (const [key, resource] of resources)
    if (beginnings.some((beginning) => key === beginning || key.startsWith(`${beginning}?`))) resource.refresh();
}
