import { z } from 'zod';
import { NestmeterError, shown } from '../errors.js';
import { invalid } from '../query/window.js';

const longestQuery = 4096;
const mostParameters = 100;

/** Parameters by name; a list where a name was given several times. Has no prototype: names are hostile text. */
export type RawQuery = Record<string, string | string[]>;

/**
 * Reads a query string, without its `?`. Throws NM_QUERY_INVALID for one that is too long or not encoded properly: what is
 * guessed at would be answered wrongly.
 */
export function parseQuery(text: string): RawQuery {
  if (text.length > longestQuery) throw invalid('query string', `at most ${longestQuery} characters`, text.length);
  const query = Object.create(null) as RawQuery;
  const parts = text.split('&').filter(Boolean);
  if (parts.length > mostParameters) throw invalid('query string', `at most ${mostParameters} parameters`, parts.length);
  for (const part of parts) {
    const [name, value] = decodePair(part);
    const before = query[name];
    if (before === undefined) query[name] = value;
    else query[name] = [...(typeof before === 'string' ? [before] : before), value];
  }
  return query;
}

function decodePair(part: string): [name: string, value: string] {
  const at = part.indexOf('=');
  const rawName = at === -1 ? part : part.slice(0, at);
  const name = decode(rawName);
  const value = at === -1 ? '' : decode(part.slice(at + 1));
  if (name === null) throw invalid('parameter name', 'percent-encoded UTF-8', rawName);
  if (value === null) throw invalid(shortName(name), 'percent-encoded UTF-8', part.slice(at + 1));
  return [name, value];
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/**
 * The query as the schema of a route wants it. Throws NM_QUERY_INVALID that names the parameter and says what is allowed,
 * also for parameters that the route does not know: a typing error must not answer something else.
 */
export function readQuery<Query>(schema: z.ZodType<Query>, text: string): Query {
  const raw = parseQuery(text);
  const known = parametersOf(schema);
  for (const name of Object.keys(raw)) if (!known.includes(name)) throw unknownParameter(name, known);
  // Spread into a plain object, which is what schemas accept; known names contain no `__proto__`.
  const result = schema.safeParse({ ...raw });
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const name = String(issue.path[0] ?? 'query string');
  const got = Object.hasOwn(raw, name) ? raw[name] : undefined;
  if (typeof got === 'object' && !acceptsLists(schema, name)) throw invalid(name, 'given once', got);
  throw invalid(name, ruleOf(issue), got);
}

/** Schemas say the rule themselves; what zod says of its own accord is shown as it is. */
function ruleOf(issue: z.core.$ZodIssue): string {
  return /^(Invalid|Too|Unrecognized)/.test(issue.message) ? `valid (${issue.message})` : issue.message;
}

function unknownParameter(name: string, known: readonly string[]): NestmeterError {
  const allowed = known.length === 0 ? 'This route takes none.' : `This route takes ${known.join(', ')}.`;
  return new NestmeterError({
    code: 'NM_QUERY_INVALID',
    message: `Parameter ${shown(name)} must be left out: it is not known here. ${allowed}`,
  });
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: unknown;
}

const inputs = new WeakMap<z.ZodType, JsonSchema>();

function inputOf(schema: z.ZodType): JsonSchema {
  let json = inputs.get(schema);
  if (json === undefined) {
    json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
    inputs.set(schema, json);
  }
  return json;
}

/** Names of the parameters that a query schema takes. */
export function parametersOf(schema: z.ZodType): string[] {
  return Object.keys(inputOf(schema).properties ?? {});
}

function acceptsLists(schema: z.ZodType, name: string): boolean {
  const property = inputOf(schema).properties?.[name];
  return [property, ...(property?.anyOf ?? [])].some((part) => part?.type === 'array' || part?.items !== undefined);
}

function shortName(name: string): string {
  return /^\w{1,40}$/.test(name) ? name : 'parameter';
}
