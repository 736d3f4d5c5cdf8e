import { type Figure, plain } from '../format/figure.js';
import { momentText } from '../format/time.js';
import type { Stretch } from './stretch.js';

interface Described {
  readonly title: string;
  readonly stretches: readonly Stretch[];
  readonly lines: readonly { readonly label: string; readonly values: readonly (number | null)[] }[];
  readonly format: (value: number) => Figure;
  readonly now: number;
}

/** What a chart shows, in words: for each line its last value and its highest one, with when that was. */
export function textAlternative({ title, stretches, lines, format, now }: Described): string {
  const [first, last] = [stretches[0], stretches.at(-1)];
  if (first === undefined || last === undefined) return `${title}: nothing yet`;
  const span = `${momentText(first.from, now)} to ${momentText(last.to, now)}`;
  const told = lines.map(({ label, values }) => {
    const known = values.flatMap((value, at) => (value === null ? [] : [{ value, at }]));
    const latest = known.at(-1);
    if (latest === undefined) return `${label} unknown`;
    const highest = known.reduce((most, each) => (each.value > most.value ? each : most));
    const when = momentText(stretches[highest.at]!.from, now);
    return `${label} ${plain(format(latest.value))} last, highest ${plain(format(highest.value))} at ${when}`;
  });
  return `${title}, ${span}: ${told.join('; ')}`;
}
