import { joinSpans, type Span } from './gap.js';

/*
 * The fields of a slot beside the states of replicas (`r:<id>.<generation>`, rule 4):
 *
 *   *             folded states: nonce (16 characters), contributors (10 digits), then a state as replicas write it
 *   m:<id>.<gen>  mark: the version of a state that is in `*`; it refuses that state if it comes again (rule 8)
 *   z             sealed: how many states were unfinished, and for which times counts may therefore be missing (rule 9)
 *   e             the store lost the slot once and replicas wrote what they still had (rule 11)
 */

/** Field of the folded states. */
export const foldedField = '*';
/** Field that says that a slot takes no more writes and will not change any more. */
export const sealField = 'z';
/** Field that says that the store lost what the slot had before. */
export const emptiedField = 'e';

/** Characters of a nonce. */
export const nonceLength = 16;
const countLength = 10;

/** What `*` holds. */
export interface FoldedState {
  /** Random, another one with each fold: what a keeper read is what it replaces. */
  readonly nonce: string;
  /** Replicas whose states are in it. */
  readonly contributors: number;
  /** Header and body, see accumulate/encoded-state.ts. */
  readonly encoded: Buffer;
}

/** Makes the value of `*`. */
export function encodeFolded({ nonce, contributors, encoded }: FoldedState): Buffer {
  return Buffer.concat([Buffer.from(nonce + String(contributors).padStart(countLength, '0'), 'latin1'), encoded]);
}

/** Reads the value of `*`. One that is no folded state reads as one of nobody, which then does not decode. */
export function decodeFolded(value: Buffer): FoldedState {
  const nonce = value.toString('latin1', 0, nonceLength);
  const count = value.toString('latin1', nonceLength, nonceLength + countLength);
  return {
    nonce,
    contributors: /^\d{10}$/.test(count) ? Number(count) : 0,
    encoded: value.subarray(nonceLength + countLength),
  };
}

/** Times for which counts may be missing in a sealed slot. At most so many; see {@link joinSpans}. */
const mostSealSpans = 16;

/** What `z` holds. */
export interface SealNote {
  /** States that were not final when the slot was sealed. */
  readonly unfinished: number;
  /** When what they counted may be missing. */
  readonly spans: readonly Span[];
}

/** Makes the value of `z`: the count, then spans in Unix milliseconds. */
export function encodeSeal({ unfinished, spans }: SealNote): string {
  const ms = (seconds: number): number => Math.round(seconds * 1000);
  const bounded = joinSpans(spans, mostSealSpans, () => '');
  return [unfinished, ...bounded.map(({ from, to }) => `${ms(from)}-${ms(to)}`)].join(' ');
}

/** Reads the value of `z`. */
export function decodeSeal(value: Buffer | string): SealNote {
  const [count, ...spans] = String(value).split(' ');
  return {
    unfinished: Number(count) || 0,
    spans: spans.flatMap((span) => {
      const match = /^(\d+)-(\d+)$/.exec(span);
      return match === null ? [] : [{ from: Number(match[1]) / 1000, to: Number(match[2]) / 1000 }];
    }),
  };
}

/** The version in a state's header, whatever release wrote it; 0 for what is no state, so that any state replaces it. */
export function storedVersion(encoded: Buffer): number {
  const digits = encoded.toString('latin1', 10, 25);
  return /^\d{1,15}$/.test(digits) ? Number(digits) : 0;
}

/** Whether a state's header says that nothing will be added any more. */
export function isFinal(encoded: Buffer): boolean {
  return encoded[25] === 0x31;
}

/** The id of the replica whose state is marked as folded. */
export function replicaOfMark(mark: string): string {
  return /^m:([^.]+)\./.exec(mark)?.[1] ?? '';
}

/** The mark of a state's field. */
export function markOf(field: string): string {
  return `m:${field.slice(2)}`;
}
