import { bytes, type DistributionUnit, milliseconds, plainUnit, tokens, tokensPerSecond } from './distribution.js';
import { type AnyFamily, defineFamily, label } from './family.js';

/** A custom metric as a family of its own, with one meter called `value`. */
export function customFamily(
  kind: 'counter' | 'gauge' | 'distribution',
  name: string,
  options: { readonly labels: readonly string[]; readonly unit: string; readonly help: string },
): AnyFamily {
  const { unit, help } = options;
  return defineFamily({
    name: `custom.${name}`,
    help,
    labels: options.labels.map((labelName) => label(labelName, labelName)),
    ...(kind === 'counter' && { counters: { value: { unit, help, otel: name } } }),
    ...(kind === 'gauge' && { gauges: { value: { unit, help, otel: name, sums: true } } }),
    ...(kind === 'distribution' && {
      distributions: { value: { unit: distributionUnit(unit), help, otel: name } },
    }),
  }) as AnyFamily;
}

function distributionUnit(unit: string): DistributionUnit {
  return [milliseconds, tokens, bytes, tokensPerSecond].find((known) => known.unit === unit) ?? plainUnit(unit);
}
