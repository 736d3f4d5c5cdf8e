import { z } from 'zod';

const kinds = ['threshold', 'error_rate', 'cost_share', 'component_share'] as const;

/** Schema of a bottleneck; null where there is none. */
export const bottleneckField = z
  .object({
    kinds: z.array(z.enum(kinds)).describe('What makes it one'),
    reason: z.string().describe('The same as text, with numbers'),
  })
  .nullable()
  .describe(
    'Set when slower on average than its threshold, with more than 5 % errors, more than 25 % of the window’s cost, or a component that takes more than 50 % of its operation’s time',
  );

/** What is judged; null where it is unknown or does not apply. */
export interface Suspect {
  readonly averageMs: number | null;
  readonly thresholdMs: number | null;
  readonly errorRatePercent: number | null;
  /** Of the cost of all LLM calls of the window. */
  readonly costSharePercent: number | null;
  /** The component that takes most of an operation's time. */
  readonly component: { readonly name: string; readonly sharePercent: number } | null;
}

/** Why something holds up or costs more than it should; null when nothing says so. */
export function bottleneckOf(suspect: Suspect): z.infer<typeof bottleneckField> {
  const { averageMs, thresholdMs, errorRatePercent, costSharePercent, component } = suspect;
  const found: { kind: (typeof kinds)[number]; reason: string }[] = [];
  const find = (kind: (typeof kinds)[number], isSo: boolean, reason: () => string): void => {
    if (isSo) found.push({ kind, reason: reason() });
  };
  find(
    'threshold',
    averageMs !== null && thresholdMs !== null && averageMs > thresholdMs,
    () => `average ${averageMs!.toFixed(1)} ms above the threshold of ${thresholdMs} ms`,
  );
  find('error_rate', (errorRatePercent ?? 0) > 5, () => `error rate ${errorRatePercent!.toFixed(1)} % above 5 %`);
  find(
    'cost_share',
    (costSharePercent ?? 0) > 25,
    () => `${costSharePercent!.toFixed(1)} % of the window's cost, above 25 %`,
  );
  find(
    'component_share',
    (component?.sharePercent ?? 0) > 50,
    () => `${component!.name} takes ${component!.sharePercent.toFixed(1)} % of the time, above 50 %`,
  );
  if (found.length === 0) return null;
  return { kinds: found.map(({ kind }) => kind), reason: found.map(({ reason }) => reason).join('; ') };
}
