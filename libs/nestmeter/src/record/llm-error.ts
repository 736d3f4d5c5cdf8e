import {
  codePaths,
  errorRules,
  sdkTraits,
  statusPaths,
  type ErrorRule,
  type LLMErrorCategory,
} from './llm-error-rules.js';

export { llmErrorCategories, type LLMErrorCategory } from './llm-error-rules.js';

/** All that is kept of an error: no message, no stack. */
export interface ClassifiedLLMError {
  /** `cancelled` is an outcome of its own, not a failure: the caller gave the call up. */
  readonly category: LLMErrorCategory | 'cancelled';
  /** Name of the class that decided, which may be that of a cause. */
  readonly className: string | null;
  /** The provider's or the system's code, else the provider's error type. */
  readonly code: string | null;
  /** HTTP status; null for failures without an answer and for errors inside a stream. */
  readonly status: number | null;
  /** Whether another try may succeed: the server's `x-should-retry`, else as the SDKs decide. */
  readonly retryable: boolean;
}

/** Errors are followed through `lastError` and `cause` this far. */
const maxDepth = 5;

/** Messages are searched no further than this, so that hostile length costs nothing. */
const maxMessageLength = 4096;

/**
 * Finds the category of whatever an LLM call threw, by shape: a class from another copy of the SDK, or one renamed by a
 * bundler, is the same. Never throws, whatever the value.
 */
export function classifyLLMError(error: unknown): ClassifiedLLMError {
  const chain = traitsOfChain(error);
  const { category, matched } = firstMatch(chain);
  const fromMatched = matched === null ? chain : chain.slice(chain.indexOf(matched));
  const status = firstKnown(fromMatched, (traits) => traits.status) ?? firstKnown(chain, (traits) => traits.status);
  const told = firstKnown(chain, (traits) => traits.shouldRetry);
  return {
    category,
    className: matched?.className ?? chain[0]?.className ?? null,
    code: firstKnown(fromMatched, (traits) => traits.codes[0] ?? null),
    status,
    retryable: told ?? isRetryable(category, status),
  };
}

/**
 * Finds the category of an error that a provider put into an answer or a stream item instead of failing the request;
 * it is never `application` and never `cancelled`.
 */
export function classifyAnswerFailure(error: object): { category: LLMErrorCategory; code: string | null } {
  const { category, code } = classifyLLMError(error);
  return { category: category === 'application' || category === 'cancelled' ? 'unknown' : category, code };
}

/** What the rules look at, read once per error of the chain. */
interface ErrorTraits {
  /** False for an HTTP exception of the application: only what caused it may decide. */
  readonly judged: boolean;
  readonly className: string | null;
  readonly codes: readonly string[];
  readonly status: number | null;
  readonly message: string;
  readonly fromSdk: boolean;
  readonly shouldRetry: boolean | null;
}

function firstMatch(chain: readonly ErrorTraits[]): {
  category: LLMErrorCategory | 'cancelled';
  matched: ErrorTraits | null;
} {
  for (const rule of errorRules) {
    for (const traits of chain) {
      if (traits.judged && matches(rule, traits)) return { category: rule.category, matched: traits };
    }
  }
  return { category: 'application', matched: null };
}

function matches(rule: ErrorRule, traits: ErrorTraits): boolean {
  const { status } = traits;
  return (
    (rule.className === undefined || (traits.className !== null && rule.className.test(traits.className))) &&
    (rule.code === undefined || traits.codes.some((code) => rule.code!.test(code))) &&
    (rule.status === undefined || (status !== null && rule.status.includes(status))) &&
    (rule.statusFrom === undefined || (status !== null && status >= rule.statusFrom)) &&
    (rule.message === undefined || rule.message.test(traits.message)) &&
    (rule.fromSdk === undefined || traits.fromSdk)
  );
}

function isRetryable(category: LLMErrorCategory | 'cancelled', status: number | null): boolean {
  switch (category) {
    case 'network':
    case 'timeout':
    case 'rate_limit':
    case 'overloaded':
    case 'server_error':
      return true;
    case 'invalid_request':
      return status === 409;
    default:
      return false;
  }
}

/** The traits of the error and of what caused it, outermost first. */
function traitsOfChain(error: unknown): ErrorTraits[] {
  const chain: ErrorTraits[] = [];
  const seen = new Set<unknown>();
  let level: unknown[] = [error];
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const link of level) {
      if (!isErrorLike(link) || seen.has(link)) continue;
      seen.add(link);
      chain.push(traitsOf(link));
      next.push(peek(link, 'lastError'), peek(link, 'cause'));
    }
    level = next;
  }
  return chain;
}

function traitsOf(error: object): ErrorTraits {
  const className = classNameOf(error);
  if (isHttpException(error)) {
    return { judged: false, className, codes: [], status: null, message: '', fromSdk: false, shouldRetry: null };
  }
  const message = peek(error, 'message');
  const status = statusOf(error);
  return {
    judged: true,
    className,
    codes: codesOf(error),
    status,
    message: typeof message === 'string' ? message.slice(0, maxMessageLength) : '',
    fromSdk:
      status !== null ||
      (className !== null && sdkTraits.className.test(className)) ||
      sdkTraits.properties.every((property) => has(error, property)),
    shouldRetry: shouldRetryOf(error),
  };
}

/** `name`, unless it is the `'Error'` that openai leaves on every class; then the constructor's name. */
function classNameOf(error: object): string | null {
  const name = peek(error, 'name');
  if (typeof name === 'string' && name !== '' && name !== 'Error') return name;
  const constructorName = at(error, ['constructor', 'name']);
  return typeof constructorName === 'string' && constructorName !== '' ? constructorName : null;
}

/** Nest's `HttpException` and http-errors answer the application's own client: their status is no provider's. */
function isHttpException(error: object): boolean {
  return typeof peek(error, 'getStatus') === 'function' || typeof peek(error, 'expose') === 'boolean';
}

function statusOf(error: object): number | null {
  for (const path of statusPaths) {
    const status = at(error, path);
    if (typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599) return status;
  }
  return null;
}

/** `'error'` is the type of Anthropic's envelope and says nothing. */
function codesOf(error: object): string[] {
  const codes: string[] = [];
  for (const path of codePaths) {
    const code = at(error, path);
    if (typeof code === 'string' && code !== '' && code !== 'error') codes.push(code.slice(0, maxMessageLength));
  }
  return codes;
}

function shouldRetryOf(error: object): boolean | null {
  const headers = peek(error, 'headers');
  if (!isErrorLike(headers)) return null;
  const value = headerOf(headers, 'x-should-retry');
  return value === 'true' ? true : value === 'false' ? false : null;
}

/** Of a `Headers`, from whatever copy of fetch, or of a plain object with lower-case names. */
function headerOf(headers: object, name: string): unknown {
  try {
    if ('get' in headers && typeof headers.get === 'function') return headers.get(name) as unknown;
  } catch {
    return undefined;
  }
  return peek(headers, name);
}

function firstKnown<T>(chain: readonly ErrorTraits[], pick: (traits: ErrorTraits) => T | null): T | null {
  for (const traits of chain) {
    const value = pick(traits);
    if (value !== null) return value;
  }
  return null;
}

/** Errors inherit what describes them (`name`, a DOMException's getters), so this reads as the language does. */
function peek(target: object, key: string): unknown {
  try {
    return (target as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function at(target: object, path: readonly string[]): unknown {
  let value: unknown = target;
  for (const key of path) {
    if (!isErrorLike(value)) return undefined;
    value = peek(value, key);
  }
  return value;
}

function has(target: object, key: string): boolean {
  try {
    return key in target;
  } catch {
    return false;
  }
}

function isErrorLike(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
