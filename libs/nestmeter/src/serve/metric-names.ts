import type { AnyFamily } from '../accumulate/family.js';

/** The base unit that Prometheus wants, and by what our numbers are divided to get there. */
export interface ExposedUnit {
  /** At the end of the name; empty for counts of things. */
  readonly suffix: string;
  readonly divisor: number;
}

const units: Readonly<Record<string, ExposedUnit>> = {
  us: { suffix: 'seconds', divisor: 1_000_000 },
  ms: { suffix: 'seconds', divisor: 1000 },
  s: { suffix: 'seconds', divisor: 1 },
  nano_usd: { suffix: 'usd', divisor: 1_000_000_000 },
  By: { suffix: 'bytes', divisor: 1 },
  '%': { suffix: 'percent', divisor: 1 },
  'tokens/s': { suffix: 'tokens_per_second', divisor: 1 },
};

const things = /^(|1|\{.*\}|attempts|calls|entries|events|faults|lookups|requests|runs|tokens|warnings)$/;

/** How a unit of ours is exposed. */
export function exposedUnit(unit: string): ExposedUnit {
  const known = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (known !== undefined) return known;
  return { suffix: things.test(unit) ? '' : word(unit.toLowerCase()), divisor: 1 };
}

/**
 * Name of a metric after the rules of OpenTelemetry for Prometheus: dots become underscores, the base unit and, for
 * counters, `total` stand at the end.
 *
 * @param meter its name in the family, and the OpenTelemetry name if it has one
 */
export function metricName(
  family: AnyFamily,
  meter: { name: string; otel?: string },
  unit: string,
  isCounter: boolean,
) {
  const own = `nestmeter_${family.name}_${meter.name.replace(/_(us|nano_usd|ms)$/, '')}`;
  const stem = word(meter.otel ?? own).replace(/_total$/, '');
  const { suffix } = exposedUnit(unit);
  const name = suffix === '' || stem.endsWith(`_${suffix}`) ? stem : `${stem}_${suffix}`;
  return isCounter ? `${name}_total` : name;
}

/** Name of a label. Those that Prometheus gives a meaning of its own get another. */
export function labelName(attribute: string): string {
  const name = word(attribute);
  return name.startsWith('__') || name === 'le' || name === 'quantile' ? `label_${name.replace(/^_+/, '')}` : name;
}

/** Names of labels, each only once. */
export function labelNames(attributes: readonly string[]): string[] {
  const taken = new Set<string>();
  return attributes.map((attribute) => unique(labelName(attribute), taken));
}

/** `name`, or with a number behind it if it is taken; takes it, and what a histogram of that name would need. */
export function unique(name: string, taken: Set<string>, suffixes: readonly string[] = ['']): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : name.replace(/(_total)?$/, `_${number}$1`);
    const all = suffixes.map((suffix) => `${candidate}${suffix}`);
    if (all.some((each) => taken.has(each))) continue;
    for (const each of all) taken.add(each);
    return candidate;
  }
}

/** Text as a word of letters, digits and underscores that does not begin with a digit. */
function word(text: string): string {
  const plain = text.replaceAll(/[^a-zA-Z0-9_]/g, '_');
  return /^[a-zA-Z_]/.test(plain) ? plain : `_${plain}`;
}
