import { dash, thin } from './text.js';

/** A number as it is shown: rounded for the eye, exact for who asks. */
export interface Figure {
  readonly text: string;
  /** Behind the number, smaller; empty where it has none or where it stands in a table's head. */
  readonly unit: string;
  /** The exact value, on hover; null when the text is exact. */
  readonly exact: string | null;
}

/** What is shown for null: unknown is never 0. */
export const unknown: Figure = { text: dash, unit: '', exact: 'unknown' };

/** A figure on one line, for titles and texts. */
export function plain({ text, unit }: Figure): string {
  return unit === '' ? text : text + thin + unit;
}
