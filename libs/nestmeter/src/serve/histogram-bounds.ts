import type { DistributionSpec } from '../accumulate/family.js';

const http = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** 0.01 × 2^n; the last three are for reasoning models, which go on for minutes. */
const llm = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68, 655.36]; // prettier-ignore
const tokenCounts = Array.from({ length: 14 }, (_, power) => 4 ** power);
/** 1 ms × 2^n up to 131 s. */
const otherDurations = Array.from({ length: 18 }, (_, power) => 2 ** power / 1000);
const otherValues = Array.from({ length: 21 }, (_, power) => 2 ** power);

/** Upper bounds that OpenTelemetry advises, in the base unit; powers of two where it says nothing. */
export function defaultBounds({ otel, unit }: DistributionSpec): readonly number[] {
  if (otel === 'http.server.request.duration') return http;
  if (otel?.startsWith('gen_ai.') && unit.unit === 'ms') return llm;
  if (unit.unit === 'tokens') return tokenCounts;
  return unit.unit === 'ms' ? otherDurations : otherValues;
}
