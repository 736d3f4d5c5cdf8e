/** A body is parsed only up to this length, and only this deep: JSON within the text of JSON. */
const maxBodyLength = 65_536;
const maxDepth = 4;

/** No more of a list in a body is looked at than this. */
const maxEntries = 16;

/** Where SDKs leave the body of the provider's answer, as text or parsed. */
const bodyKeys = ['error', 'body', 'responseBody', 'data', 'message'] as const;

/**
 * What a provider said of a failure, where the SDK left it in the body: Google's in the message, as JSON that may hold further
 * JSON; those of Mistral and Vercel `ai` as text; Cohere's and ollama's as an object.
 *
 * @returns objects that may have `code`, `type`, `status`, `reason` and `message`, outermost first. Never throws.
 */
export function bodiesOf(error: object): object[] {
  const bodies: object[] = [];
  for (const key of bodyKeys) {
    try {
      collect(peek(error, key), 0, bodies);
    } catch {
      // A revoked Proxy refuses even to be asked whether it is a list.
    }
  }
  return bodies;
}

function collect(value: unknown, depth: number, bodies: object[]): void {
  if (depth > maxDepth || bodies.length >= maxEntries) return;
  const body = typeof value === 'string' ? parsed(value) : value;
  if (Array.isArray(body)) return collect(body[0], depth + 1, bodies);
  if (!isBag(body) || typeof body === 'function' || bodies.includes(body)) return;
  bodies.push(body);
  collect(peek(body, 'error'), depth + 1, bodies);
  collect(peek(body, 'message'), depth + 1, bodies);
  for (const detail of entriesOf(body, 'details')) collectDetail(detail, bodies);
}

/** Google's details name the reason, and of a quota its id: it says for which time the quota counts. */
function collectDetail(detail: object, bodies: object[]): void {
  bodies.push(detail);
  const metadata = peek(detail, 'metadata');
  if (isBag(metadata)) bodies.push(metadata);
  for (const violation of entriesOf(detail, 'violations')) bodies.push(violation);
}

function entriesOf(body: object, key: string): object[] {
  const list = peek(body, key);
  return Array.isArray(list) ? list.slice(0, maxEntries).filter(isBag) : [];
}

/** JSON may stand behind words of the SDK: `got status: 503. {…}`. */
function parsed(text: string): unknown {
  const start = text.search(/[[{]/);
  if (start < 0 || start > 200 || text.length > maxBodyLength) return undefined;
  try {
    return JSON.parse(text.slice(start)) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether a value may have properties. */
export function isBag(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Errors inherit what describes them (`name`, a DOMException's getters), so this reads as the language does; never throws. */
export function peek(target: object, key: string): unknown {
  try {
    return (target as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** What stands at the end of a path of properties; `undefined` where it breaks off. */
export function peekAt(target: object, path: readonly string[]): unknown {
  let value: unknown = target;
  for (const key of path) {
    if (!isBag(value)) return undefined;
    value = peek(value, key);
  }
  return value;
}
