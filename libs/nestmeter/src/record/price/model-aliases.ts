import { z } from 'zod';

const nameSchema = z.string().min(1).max(256);

const maxAliases = 1000;

/** The schema of the option `modelAliases`: provider → name → model that is priced in its place; at most 1,000 names. */
export const modelAliasesSchema = z
  .record(nameSchema, z.record(nameSchema, nameSchema))
  .refine(
    (aliases) => Object.values(aliases).reduce((sum, names) => sum + Object.keys(names).length, 0) <= maxAliases,
    `must be at most ${maxAliases} names`,
  );

/**
 * The option `modelAliases`: what a provider calls a model of its own naming, such as the deployments of Azure, and the
 * model whose price it has. Labels keep the name. An alias is not looked up again.
 */
export type ModelAliases = z.infer<typeof modelAliasesSchema>;

/** The aliases ready for look-ups: names come from outside, and maps have no inherited ones. */
export function aliasMap(aliases: ModelAliases): ReadonlyMap<string, ReadonlyMap<string, string>> {
  return new Map(Object.entries(aliases).map(([provider, names]) => [provider, new Map(Object.entries(names))]));
}
