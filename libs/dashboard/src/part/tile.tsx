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

interface ChangeTextProps {
  readonly of: Change | null;
  /** Which direction is worse; none where neither is. */
  readonly worse?: 'up' | 'down';
  /** What it is compared with, such as `the hour before`. */
  readonly to: string;
}

/** How a number changed; coloured when that is bad or good, and said what it is compared with where there is room. */
export function ChangeText({ of, worse, to }: ChangeTextProps) {
  if (of === null) return <span title={`Nothing to compare with in ${to}`}>no earlier data</span>;
  const isMeaning = worse !== undefined && of.direction !== 'same';
  const tone = !isMeaning ? 'plain' : of.direction === worse ? 'bad' : 'good';
  return (
    <span title={`Compared with ${to}`}>
      <Toned tone={tone}>{of.text}</Toned>
    </span>
  );
}
