import { bodiesOf, isBag, peek, peekAt } from './llm-error-body.js';
import { codePaths, sdkTraits, statusPaths } from './llm-error-rules.js';

/** Errors are followed through `lastError` and `cause` this far. */
const maxDepth = 5;

/** Messages are searched no further than this, so that hostile length costs nothing. */
const maxTextLength = 4096;

/** What the rules look at, read once per error of the chain. */
export interface ErrorTraits {
  /** False for an HTTP exception of the application: only what caused it may decide. */
  readonly judged: boolean;
  readonly className: string | null;
  /** The codes and types that the error carries, most specific first. */
  readonly codes: readonly string[];
  readonly status: number | null;
  /** Its own message, then those of the body that the provider answered with. */
  readonly messages: readonly string[];
  readonly fromSdk: boolean;
  readonly shouldRetry: boolean | null;
  /** A header of the provider's answer by its lower-case name; `''` where there is none. */
  header(name: string): string;
}

/** The traits of the error and of what caused it, outermost first. Never throws. */
export function traitsOfChain(error: unknown): ErrorTraits[] {
  const chain: ErrorTraits[] = [];
  const seen = new Set<unknown>();
  let level: unknown[] = [error];
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const link of level) {
      if (!isBag(link) || seen.has(link)) continue;
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
  const header = (name: string): string => headerOf(error, name);
  if (isHttpException(error)) {
    return {
      judged: false,
      className,
      codes: [],
      status: null,
      messages: [],
      fromSdk: false,
      shouldRetry: null,
      header,
    };
  }
  const bodies = bodiesOf(error);
  const status = statusOf(error) ?? firstOf(bodies, statusOf);
  const told = header('x-should-retry');
  return {
    judged: true,
    className,
    codes: codesOf(error, bodies),
    status,
    messages: [error, ...bodies].map(messageOf).filter((message) => message !== ''),
    fromSdk:
      status !== null ||
      (className !== null && sdkTraits.className.test(className)) ||
      sdkTraits.properties.every((property) => has(error, property)),
    shouldRetry: told === 'true' ? true : told === 'false' ? false : null,
    header,
  };
}

/** `name`, unless it is the `'Error'` that openai leaves on every class; then the constructor's name. */
function classNameOf(error: object): string | null {
  const name = peek(error, 'name');
  if (typeof name === 'string' && name !== '' && name !== 'Error') return name.slice(0, maxTextLength);
  const constructorName = peekAt(error, ['constructor', 'name']);
  return typeof constructorName === 'string' && constructorName !== '' ? constructorName : null;
}

/** Nest's `HttpException` and http-errors answer the application's own client: their status is no provider's. */
function isHttpException(error: object): boolean {
  return typeof peek(error, 'getStatus') === 'function' || typeof peek(error, 'expose') === 'boolean';
}

function statusOf(error: object): number | null {
  for (const path of statusPaths) {
    const status = peekAt(error, path);
    if (typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599) return status;
  }
  return null;
}

/** A word; text that stands where others have a code is a message, and messages are not kept. */
const isCode = /^[\w.:/-]{1,128}$/;

/** Those of the error, where the SDK put them, then those of the body; `'error'` is the type of an envelope and says nothing. */
function codesOf(error: object, bodies: readonly object[]): string[] {
  const codes = new Set<string>();
  for (const holder of [error, ...bodies]) {
    for (const path of codePaths) {
      const code = peekAt(holder, path);
      if (typeof code === 'string' && isCode.test(code) && code !== 'error') codes.add(code);
    }
  }
  return [...codes];
}

function messageOf(error: object): string {
  const message = peek(error, 'message') ?? peek(error, 'error');
  return typeof message === 'string' ? message.slice(0, maxTextLength) : '';
}

/** Where errors carry the headers of the provider's answer. */
const headerPaths = [['headers'], ['responseHeaders'], ['rawResponse', 'headers']] as const;

function headerOf(error: object, name: string): string {
  for (const path of headerPaths) {
    const headers = peekAt(error, path);
    const value = isBag(headers) ? valueOfHeader(headers, name) : undefined;
    if (typeof value === 'string') return value;
  }
  return '';
}

/** Of a `Headers`, from whatever copy of fetch, or of a plain object with lower-case names. */
function valueOfHeader(headers: object, name: string): unknown {
  try {
    if ('get' in headers && typeof headers.get === 'function') return headers.get(name) as unknown;
  } catch {
    return undefined;
  }
  return peek(headers, name);
}

function firstOf<T>(holders: readonly object[], pick: (holder: object) => T | null): T | null {
  for (const holder of holders) {
    const value = pick(holder);
    if (value !== null) return value;
  }
  return null;
}

function has(target: object, key: string): boolean {
  try {
    return key in target;
  } catch {
    return false;
  }
}
