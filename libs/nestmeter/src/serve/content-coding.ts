import type { ContentCoding } from './dashboard-assets.js';

/** Smallest first: what a client takes equally gladly is sent in the first of these that there is. */
const preferred: readonly ContentCoding[] = ['br', 'gzip', 'identity'];

/**
 * The coding in which to send something to a client, by its header `Accept-Encoding`.
 *
 * @param available what there is; `identity` is sent when nothing else fits, even to a client that refuses it
 */
export function codingFor(accepted: string | undefined, available: ReadonlyMap<ContentCoding, unknown>): ContentCoding {
  const weights = weightsOf(accepted ?? '');
  let best: ContentCoding = 'identity';
  let bestWeight = 0;
  for (const coding of preferred) {
    if (!available.has(coding)) continue;
    // Plain is always acceptable, but only as a last choice unless it is named.
    const weight = weights.get(coding) ?? (coding === 'identity' ? 0 : (weights.get('*') ?? 0));
    if (weight > bestWeight) [best, bestWeight] = [coding, weight];
  }
  return best;
}

const mostCodings = 20;

function weightsOf(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const part of header.split(',', mostCodings)) {
    const [, coding, weight] = /^\s*([\w*-]+)\s*(?:;\s*q=\s*([01](?:\.\d{0,3})?)\s*)?$/i.exec(part) ?? [];
    if (coding !== undefined) weights.set(coding.toLowerCase(), Number(weight ?? 1));
  }
  return weights;
}
