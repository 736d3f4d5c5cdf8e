/** How a value is compared with a threshold. */
export const comparisons = ['>', '>=', '<', '<='] as const;

/** See {@link comparisons}. */
export type Comparison = (typeof comparisons)[number];

/** Whether a value crosses a threshold. */
export function isCrossed(value: number, comparison: Comparison, threshold: number): boolean {
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
