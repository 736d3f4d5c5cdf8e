import { z } from 'zod';

/** How grave an alert is, least first. */
export const severities = ['info', 'low', 'warning', 'high', 'critical'] as const;

/** See {@link severities}. */
export type Severity = (typeof severities)[number];

/** A severity as it may be given: `medium` is read as `warning`. */
export const givenSeverity = z
  .enum([...severities, 'medium'])
  .transform((severity): Severity => (severity === 'medium' ? 'warning' : severity));

/** How the service is, by the worst alert that fires; `unknown` until rules run. */
export type SystemHealth = 'healthy' | 'degraded' | 'critical' | 'unknown';

/** For sorting: the graver, the higher. */
export function gravity(severity: Severity): number {
  return severities.indexOf(severity);
}

/** How the service is while alerts of these severities fire. */
export function healthOf(firing: readonly Severity[]): Exclude<SystemHealth, 'unknown'> {
  if (firing.includes('critical')) return 'critical';
  return firing.includes('high') || firing.includes('warning') ? 'degraded' : 'healthy';
}
