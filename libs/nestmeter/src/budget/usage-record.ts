import { z } from 'zod';
import type { BudgetState } from './budget-gate.js';

/**
 * Schema of the document by which replicas share what was used of budgets, beside what the store counted (rule 14): budget,
 * group, beginning of the period, used, carried.
 */
export const usageRecordSchema = z.object({
  groups: z.array(z.tuple([z.string(), z.string(), z.number(), z.number(), z.number()])),
});

/** See {@link usageRecordSchema}. */
export type UsageRecord = z.output<typeof usageRecordSchema>;

/** Before anybody wrote. */
export const noUsageRecord: UsageRecord = { groups: [] };

/** Has budgets take in what is recorded of their present period. */
export function learnUsage(states: readonly BudgetState[], { groups: recorded }: UsageRecord): void {
  for (const { budget, groups } of states)
    for (const [name, group, from, used, carried] of recorded)
      if (name === budget.name) groups.learn(group, from, { used, carried });
}

/**
 * What is to be recorded: what is known here and what others recorded, the larger of both. Rolling windows fall by
 * themselves and are not recorded, nor are periods that are over.
 */
export function usageRecordOf(states: readonly BudgetState[], recorded: UsageRecord): UsageRecord {
  const known = new Map(recorded.groups.map((entry) => [JSON.stringify(entry.slice(0, 3)), entry] as const));
  const groups = states.flatMap(({ budget, groups: all }) => {
    const { from, to } = all.span;
    if (to === null) return [];
    return [...all.all()].flatMap(({ name, highWater: { used, carried } }) => {
      const before = known.get(JSON.stringify([budget.name, name, from]));
      const entry: UsageRecord['groups'][number] = [
        budget.name,
        name,
        from,
        Math.max(used, before?.[3] ?? 0),
        Math.max(carried, before?.[4] ?? 0),
      ];
      return entry[3] === 0 && entry[4] === 0 ? [] : [entry];
    });
  });
  return { groups };
}

/** What a record lacks: nothing, some use, or a part that the store does not have any more and only replicas know of. */
export function lackOf(states: readonly BudgetState[], recorded: UsageRecord): 'nothing' | 'use' | 'carried' {
  const known = new Map(recorded.groups.map((entry) => [JSON.stringify(entry.slice(0, 3)), entry] as const));
  const { groups } = usageRecordOf(states, recorded);
  let lack: 'nothing' | 'use' = 'nothing';
  for (const entry of groups) {
    const before = known.get(JSON.stringify(entry.slice(0, 3)));
    if (entry[4] > (before?.[4] ?? 0)) return 'carried';
    if (entry[3] > (before?.[3] ?? 0)) lack = 'use';
  }
  return lack;
}
