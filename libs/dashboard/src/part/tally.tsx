import { compact } from '../format/number.js';
import { wholePercent } from '../format/percent.js';
import { Bar, type Tone } from './bar.js';
import { Figure } from './figure.js';
import { Name } from './name.js';

interface TallyProps {
  /** What is counted, for screen readers. */
  readonly caption: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly tone?: (name: string) => Tone;
  /** What stands there when nothing was counted. */
  readonly none: string;
}

/** How often each of a few things happened, most frequent first. */
export function Tally({ caption, counts, tone, none }: TallyProps) {
  const entries = Object.entries(counts)
    .filter(([, many]) => many > 0)
    .sort(([, a], [, b]) => b - a);
  const total = entries.reduce((sum, [, many]) => sum + many, 0);
  if (entries.length === 0) return <p class="soft none">{none}</p>;
  return (
    <div class="wrap">
      <table class="tally">
        <caption class="visually-hidden">{caption}</caption>
        <thead class="visually-hidden">
          <tr>
            <th scope="col">What</th>
            <th scope="col">How often</th>
            <th scope="col">Share</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(([name, many]) => (
            <tr key={name}>
              <th scope="row" class="text">
                <Name of={name.replaceAll('_', ' ')} />
              </th>
              <td>
                <Figure of={compact(many)} />
              </td>
              <td>
                <Figure of={wholePercent((many / total) * 100)} />
                <Bar percent={(many / total) * 100} tone={tone?.(name) ?? 'plain'} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
