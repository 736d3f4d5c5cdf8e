import { errorRules, type ErrorRule, type LLMErrorCategory } from './llm-error-rules.js';
import { traitsOfChain, type ErrorTraits } from './llm-error-traits.js';

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
 * What a provider said of whatever an LLM call threw: the message of its body, else that of the error itself; null when
 * there is none. Not scrubbed. Never throws.
 */
export function messageOfError(error: unknown): string | null {
  const chain = traitsOfChain(error);
  return (firstMatch(chain).matched ?? chain[0])?.messages.at(-1) ?? null;
}

/**
 * Finds the category of an error that a provider put into an answer or a stream item instead of failing the request;
 * it is never `application` and never `cancelled`.
 */
export function classifyAnswerFailure(error: object): { category: LLMErrorCategory; code: string | null } {
  const { category, code } = classifyLLMError(error);
  return { category: category === 'application' || category === 'cancelled' ? 'unknown' : category, code };
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
    (rule.message === undefined || traits.messages.some((message) => rule.message!.test(message))) &&
    (rule.header === undefined || rule.header.value.test(traits.header(rule.header.name))) &&
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

function firstKnown<T>(chain: readonly ErrorTraits[], pick: (traits: ErrorTraits) => T | null): T | null {
  for (const traits of chain) {
    const value = pick(traits);
    if (value !== null) return value;
  }
  return null;
}
