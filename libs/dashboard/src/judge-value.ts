import type { Rule } from './api/answers.js';
import type { Tone } from './part/bar.js';

const grave: ReadonlySet<string> = new Set(['high', 'critical']);

/** Whether a value would make a rule on a metric fire, and how gravely; plain when it would not or is unknown. */
export function judge(rules: readonly Rule[], metric: string, value: number | null | undefined): Tone {
  if (value === null || value === undefined) return 'plain';
  const crossed = rules
    .filter((rule) => rule.metric === metric && rule.state !== 'inactive' && rule.relative_to === null)
    .flatMap(({ comparison, thresholds }) =>
      Object.entries(thresholds).filter(([, threshold]) => crosses(value, comparison, threshold)),
    )
    .map(([severity]) => severity);
  if (crossed.length === 0) return 'plain';
  return crossed.some((severity) => grave.has(severity)) ? 'bad' : 'warn';
}

/** The value to aim at, of the rules on a metric. */
export function targetOf(rules: readonly Rule[], metric: string): number | null {
  return rules.find((rule) => rule.metric === metric && rule.target !== null)?.target ?? null;
}

/** Whether a value is on the wrong side of a threshold. */
export function crosses(value: number, comparison: Rule['comparison'], threshold: number): boolean {
  switch (comparison) {
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
  }
}
