/**
 * A slot length with its retention. Slots start at multiples of the length since the Unix epoch, so that all replicas
 * cut time alike.
 */
export interface Tier {
  /** Length of a slot in seconds. */
  readonly slotSeconds: number;
  /** How long a slot stays readable after its end, in seconds. */
  readonly retentionSeconds: number;
}

/** 10 s for half an hour, 2 min for six hours, 30 min for four days, 6 h for ninety days. */
export const defaultTiers: readonly Tier[] = Object.freeze([
  { slotSeconds: 10, retentionSeconds: 30 * 60 },
  { slotSeconds: 120, retentionSeconds: 6 * 3600 },
  { slotSeconds: 1800, retentionSeconds: 4 * 86_400 },
  { slotSeconds: 21_600, retentionSeconds: 90 * 86_400 },
]);

/** A coarse slot is read only this long after its end: until then finals of living replicas may be on their way. */
export const settleSeconds = 15;

/** Nobody writes to a slot later than this after its end (or than its retention): the write end W of the protocol. */
export const longestWriteSeconds = 25 * 3600;

/** Start (Unix seconds) of the slot of `slotSeconds` that contains the Unix milliseconds `ms`. */
export function slotStart(ms: number, slotSeconds: number): number {
  return Math.floor(ms / 1000 / slotSeconds) * slotSeconds;
}

/** Rule 4. W, in Unix milliseconds: from then on the store refuses states of the slot. */
export function writeEndMs(start: number, tier: Tier): number {
  return (start + tier.slotSeconds + Math.min(tier.retentionSeconds, longestWriteSeconds)) * 1000;
}

/** Unix seconds at which the store may drop the slot: its retention plus two slots, so that a window's edge is there. */
export function expiresAt(start: number, tier: Tier): number {
  return start + tier.slotSeconds + tier.retentionSeconds + 2 * tier.slotSeconds;
}

/** What is wrong with a list of tiers, as `<rule>` sentences; empty when it can be used. */
export function tierProblems(tiers: readonly Tier[]): string[] {
  const problems: string[] = [];
  if (tiers.length === 0 || tiers.length > 6) return ['tiers must be a list of 1 to 6 entries'];
  tiers.forEach((tier, index) => {
    const at = `tiers[${index}]`;
    if (!Number.isInteger(tier.slotSeconds) || tier.slotSeconds < 1 || 86_400 % tier.slotSeconds !== 0)
      problems.push(`${at}.slotSeconds must be a whole number of seconds that divides the day of 86400`);
    if (!Number.isInteger(tier.retentionSeconds) || tier.retentionSeconds < tier.slotSeconds)
      problems.push(`${at}.retentionSeconds must be a whole number of seconds, at least one slot`);
    if (tier.retentionSeconds > 400 * 86_400) problems.push(`${at}.retentionSeconds must be at most 400 days`);
    const finer = tiers[index - 1];
    if (finer === undefined) return;
    if (tier.slotSeconds <= finer.slotSeconds || tier.slotSeconds % finer.slotSeconds !== 0)
      problems.push(`${at}.slotSeconds must be a multiple of the tier before it`);
    if (tier.retentionSeconds <= finer.retentionSeconds)
      problems.push(`${at}.retentionSeconds must be longer than that of the tier before it`);
    if (finer.retentionSeconds < tier.slotSeconds + settleSeconds)
      problems.push(`tiers[${index - 1}].retentionSeconds must cover the next tier's slot and ${settleSeconds} s`);
  });
  return problems;
}
