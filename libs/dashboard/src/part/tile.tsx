import type { ComponentChildren } from 'preact';
import { Sparkline } from '../chart/sparkline.js';
import type { Change } from '../format/change.js';
import type { Figure as FigureValue } from '../format/figure.js';
import type { Tone } from './bar.js';
import { Figure } from './figure.js';
import { Toned } from './toned.js';

interface TileProps {
  readonly label: string;
  /** Null while it is awaited. */
  readonly figure: FigureValue | null;
  readonly tone?: Tone;
  /** What the number is to be compared with: its change, its target. */
  readonly children?: ComponentChildren;
  readonly values?: readonly (number | null)[] | undefined;
}

/** A headline number. */
export function Tile({ label, figure, tone = 'plain', children, values }: TileProps) {
  return (
    <section class="card tile">
      <h2>{label}</h2>
      <div class="value">
        {figure !== null && (
          <Toned tone={tone}>
            <Figure of={figure} />
          </Toned>
        )}
      </div>
      <div class="detail">{figure !== null && children}</div>
      {values !== undefined && values.length > 1 && <Sparkline values={values} />}
    </section>
  );
}

interface ComparedProps {
  readonly change: Change | null;
  /** Which direction is worse; none where neither is. */
  readonly worse?: 'up' | 'down';
  /** What it is compared with, such as `hour before`. */
  readonly to: string;
  /** What else it is compared with, such as its target; null for nothing. */
  readonly also: string | null;
}

/** How a number changed, coloured when that is bad or good, and what else it is to be compared with. */
export function Compared({ change, worse, to, also }: ComparedProps) {
  if (change === null) return <span title={`There are no numbers of the ${to}`}>{also ?? 'no earlier data'}</span>;
  const isMeaning = worse !== undefined && change.direction !== 'same';
  const tone = !isMeaning ? 'plain' : change.direction === worse ? 'bad' : 'good';
  return (
    <span title={`Compared with the ${to}`}>
      <Toned tone={tone}>{change.text}</Toned>
      {also === null ? ` vs ${to}` : ` · ${also}`}
    </span>
  );
}
