import { z } from 'zod';
import { type AnyFamily, defineFamily } from './family.js';

/** What a family is, for those who do not have it: its labels and meters as text. */
export interface FamilyDefinition {
  readonly family: string;
  /** Signature of the family that the text makes. */
  readonly signature: string;
  readonly text: string;
}

/** Longest text that is read. The largest family of ours takes 5 KB. */
const longestText = 64 << 10;

const word = z.string().max(1000);
const meter = { name: word, help: word, otel: word.optional() };
const list = <Shape extends z.ZodRawShape>(shape: Shape) => z.array(z.object(shape)).max(200);

const content = z.object({
  help: word,
  cap: z.int().min(1).max(1_000_000),
  labels: list({ name: word, attribute: word }),
  counters: list({ ...meter, unit: word }),
  distributions: list({
    ...meter,
    unit: z.object({ unit: word, sumParts: z.int().positive(), gridUnits: z.int().positive() }),
    attributes: z.record(z.string(), word).optional(),
  }),
  gauges: list({ ...meter, unit: word, sums: z.boolean() }),
  tallies: list({ ...meter, key: word }),
});

/**
 * Describes a family. Names that only exposition by its owner needs are left out: how values are spelled there, and what
 * the latest conventions call its meters.
 */
export function describeFamily({ name, help, cap, labels, specs, signature }: AnyFamily): FamilyDefinition {
  const { counters, distributions, gauges, tallies } = specs;
  // What reads it keeps what is declared above and drops the rest.
  const text = JSON.stringify(content.parse({ help, cap, labels, counters, distributions, gauges, tallies }));
  return { family: name, signature, text };
}

/** Makes a family of its description; null when it does not read so, or makes another one than it says. */
export function readFamily({ family: name, signature, text }: FamilyDefinition): AnyFamily | null {
  if (text.length > longestText) return null;
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return null;
  }
  const { data } = content.safeParse(given);
  if (data === undefined) return null;
  const { help, cap, labels, ...meters } = data;
  const family = defineFamily({
    name,
    help,
    cap,
    labels,
    counters: named(meters.counters),
    distributions: named(meters.distributions),
    gauges: named(meters.gauges),
    tallies: named(meters.tallies),
  }) as AnyFamily;
  return family.signature === signature ? family : null;
}

function named<Spec extends { readonly name: string }>(specs: readonly Spec[]): Record<string, Omit<Spec, 'name'>> {
  return Object.fromEntries(specs.map(({ name, ...spec }) => [name, spec]));
}
