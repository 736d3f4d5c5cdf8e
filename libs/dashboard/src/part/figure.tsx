import type { Figure as FigureValue } from '../format/figure.js';
import { thin } from '../format/text.js';

/** A number with its unit. @param bare without the unit, where the head of a table says it */
export function Figure({ of, bare = false }: { readonly of: FigureValue; readonly bare?: boolean }) {
  const isUnknown = of.exact === 'unknown';
  return (
    <span class={isUnknown ? 'unknown' : undefined} title={of.exact ?? undefined}>
      {of.text}
      {of.unit !== '' && !bare && <small>{thin + of.unit}</small>}
    </span>
  );
}
