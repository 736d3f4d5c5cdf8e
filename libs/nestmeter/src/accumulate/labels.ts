/** Takes what a cap leaves out, so that totals always add up. */
export const other = '__other__';

/** The route of requests that no route of the application matched. */
export const unmatched = '__unmatched__';

/** Characters of a label that are kept; longer ones are cut and told apart by a hash. */
export const longestLabel = 191;

const ends = 4096;
const objectNames = new Set(Object.getOwnPropertyNames(Object.prototype));

/** 32-bit FNV-1a over UTF-16 units. Not for secrets: it only orders names and tells cut ones apart. */
export function hashText(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/**
 * Makes a label value of whatever the outside gave. Labels are hostile text and stay text: nothing is interpreted.
 *
 * - lone surrogates and NUL become U+FFFD (NUL separates labels in series keys); all other characters stay
 * - more than 191 characters are cut and marked with `~` and eight hex digits of a hash over both ends and the length
 * - `__` at the start is ours (`__other__`, `__unmatched__`) and answers null, which the caller counts as refused;
 *   names of Object.prototype such as `__proto__` are harmless here and stay
 * - numbers and booleans become text, anything else `unknown`
 */
export function cleanLabel(value: unknown): string | null {
  if (typeof value !== 'string')
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'unknown';
  let text = value;
  if (text.length > longestLabel) {
    const hash = hashText(text.slice(-ends), hashText(text.slice(0, ends), text.length));
    // Through a Buffer, since a slice would keep the whole of a huge string alive.
    text = `${Buffer.from(text.slice(0, longestLabel)).toString()}~${hash.toString(16).padStart(8, '0')}`;
  }
  if (!text.isWellFormed()) text = text.toWellFormed();
  if (text.includes('\0')) text = text.replaceAll('\0', '\ufffd');
  if (text.startsWith('__') && !objectNames.has(text)) return null;
  return text;
}

/** The key of a series within its family. Labels hold no NUL, so no two lists of labels share a key. */
export function seriesKey(labels: readonly string[]): string {
  return labels.length === 1 ? labels[0]! : labels.join('\0');
}

/** The labels of a key made by {@link seriesKey} for a family with `count` labels. */
export function labelsOfKey(key: string, count: number): string[] {
  return count === 0 ? [] : key.split('\0');
}
