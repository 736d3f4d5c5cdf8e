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
  if (parts.length > mostParameters)
    throw invalid('query string', `at most ${mostParameters} parameters`, parts.length);
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

function shortName(name: string): string {
  return /^\w{1,40}$/.test(name) ? name : 'parameter';
}
