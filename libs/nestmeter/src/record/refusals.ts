/** Why a value was not recorded: the recorder and the argument, such as `llm.inputTokens`. A closed set made by our code. */
export type RefusalReason = string;

/**
 * Counts what recorders refused, by reason, and what failed inside them; the first of each kind is warned about once.
 * Recording never throws: bad values end here.
 */
export class Refusals {
  readonly #counts = new Map<string, number>();

  /** @param warn told the first time that something of a kind happens */
  constructor(private readonly warn: (message: string) => void) {}

  /** Counts a refused value. */
  refuse(reason: RefusalReason, rule: string): void {
    this.#count(reason, () => `${reason} must be ${rule}; the value was not recorded. Further ones are only counted.`);
  }

  /** Counts a failure of our own, or of a function that the application gave us. */
  failed(where: string, error: unknown): void {
    this.#count(
      `failed.${where}`,
      () => `Recording failed in ${where} (${shownError(error)}). Further failures are only counted.`,
    );
  }

  /** How often, by reason. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Forgets the counts, not what was warned about. For tests. */
  clear(): void {
    for (const reason of this.#counts.keys()) this.#counts.set(reason, 0);
  }

  #count(reason: string, message: () => string): void {
    const count = this.#counts.get(reason);
    this.#counts.set(reason, (count ?? 0) + 1);
    if (count !== undefined) return;
    try {
      this.warn(message());
    } catch {
      // The application's logger failed; the count stays.
    }
  }
}

function shownError(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 200) : typeof error;
  } catch {
    return 'an error that cannot be read';
  }
}

/** Sums of durations are whole microseconds up to 2^53 − 1; this is 285 years. */
const longestMs = Number.MAX_SAFE_INTEGER / 1000;

/** Whether a value is a duration: milliseconds, not negative, below any that a sum could not hold. */
export function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= longestMs;
}

/** Whether a value is an amount: a number from 0 to 2^53 − 1, whole or not. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** Whether a value is a count: a safe integer, not negative. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isSafeInteger(value);
}
