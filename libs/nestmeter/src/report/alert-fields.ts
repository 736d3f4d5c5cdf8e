import { z } from 'zod';

/*
 * Fields of answers that tell which alerts fire. Reports leave them empty: the routes fill them in, since alerts are made
 * from reports.
 */

/** Schema of how the service is. */
export const systemHealth = z
  .enum(['healthy', 'degraded', 'critical', 'unknown'])
  .describe('critical if a critical alert fires, degraded for high or warning; unknown until rules run');

/** Schema of alerts as text. */
export const alertTexts = z
  .array(z.string())
  .describe('Firing alerts such as "[warning] High memory pressure detected (85.5%)", worst first');
