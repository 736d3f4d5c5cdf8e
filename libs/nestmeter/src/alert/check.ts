import { z } from 'zod';
import type { BoundReports } from '../report/bound-reports.js';
import { givenSeverity } from './severity.js';

/** Schema of a finding. */
const finding = z.strictObject({
  severity: givenSeverity,
  title: z.string().min(1).max(200).optional(),
  value: z.number().nullish(),
  threshold: z.number().nullish(),
  labels: z.record(z.string().max(100), z.string().max(191)).default({}),
});

/** What a check found wrong. Findings with the same labels are the same alert. */
export type FindingInput = z.input<typeof finding>;

/** See {@link FindingInput}. */
export type Finding = z.output<typeof finding>;

/** A rule as code: reads reports, answers what is wrong. No finding means that all is well. */
export type Check = (reports: BoundReports) => readonly FindingInput[] | Promise<readonly FindingInput[]>;

const findings = z.array(finding).max(100);
const limitMs = 1000;

/** A check took too long. */
class CheckTimeoutError extends Error {
  override readonly name = 'CheckTimeoutError';

  constructor() {
    super(`a check must answer within ${limitMs} ms`);
  }
}

/** Whether a value can be a check. */
export function isCheck(value: unknown): boolean {
  return typeof value === 'function';
}

/**
 * Runs a check. Rejects when it throws, takes longer than a second or answers something else than at most 100 findings;
 * what it goes on to do after its time does not matter. A check that never yields blocks the process: nothing can stop it.
 */
export async function runCheck(check: Check, reports: BoundReports): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new CheckTimeoutError()), limitMs);
  });
  try {
    const answered = Promise.resolve().then(() => check(reports));
    return findings.parse(await Promise.race([answered, late]));
  } finally {
    clearTimeout(timer);
  }
}
