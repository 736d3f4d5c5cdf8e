import type { Alert } from '../api/answers.js';
import { grouped } from '../format/number.js';
import { thin } from '../format/text.js';
import { crosses } from '../judge-value.js';

/** What is wrong, and by how much: the line of the alert taken apart, with its threshold. */
export function alertWords({ text, threshold, comparison, severity, value: measured }: AlertText): {
  title: string;
  value: string;
} {
  const bare = text.replace(`[${severity}] `, '');
  const match = /^(.*) detected \(([^()]*)\)(?: for .*)?$/s.exec(bare);
  if (match === null) return { title: bare, value: '' };
  const [, title = bare, told = ''] = match;
  // Some texts say the threshold too; it is said apart here.
  const value = told.split(', threshold ')[0]!;
  const unit = /%$/.exec(value) ?? / (ms|USD)$/.exec(value);
  const shown = value.replace(/%$/, `${thin}%`);
  if (threshold === null || comparison === undefined) return { title, value: shown };
  const limit = `${grouped(String(threshold))}${unit === null ? '' : `${thin}${unit[0].trim()}`}`;
  const word = comparison.startsWith('>') ? 'over' : 'below';
  // An alert fires on for a while after its value is fine again.
  const isFine = measured !== null && measured !== undefined && !crosses(measured, comparison, threshold);
  return { title, value: isFine ? `${shown} again, fired ${word} ${limit}` : `${shown} ${word} ${limit}` };
}

type AlertText = Pick<Alert, 'text' | 'threshold' | 'severity'> & Partial<Pick<Alert, 'comparison' | 'value'>>;
