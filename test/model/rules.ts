/**
 * The rules that can be left out, each with the event that it prevents. Numbers are those of the protocol.
 * `rules.spec.ts` holds a seed, or a sequence, for each that goes wrong without it. A *repair* is not in the first wording of
 * the protocol: the model found the event that asks for it.
 */
export const ruleTexts = {
  renewOnStepBack: '1, 2: after a step back of the store’s clock a replica goes on under a renewed id',
  timeBeforeStates: 'repair of 2: the first call has no states; slots are named by the time that it brings',
  renewAtShutdown: '1, 12: what is recorded after the final states of a shutdown goes to a renewed id',
  closingIsAChange: '3: closing a slot adds 1 to its version',
  replaceOnlyByNewer: '5: a state is replaced only by one of a higher version',
  finalRefuses: 'repair of 5: a final state in the store is replaced by nothing, as if it were folded already',
  marks: '4, 8: a mark keeps a folded state from being taken in again, until the slot is sealed',
  sealFlag: '9: a sealed slot refuses states, whatever the clock says',
  writeEndBeforeSeal: '9: a slot is sealed only once the store’s time has passed W',
  foldNonce: '8: a fold is refused if anything was folded since it read the slot',
  foldFinalOnly: '8: only final states are folded before W',
  confirm: '7: a closed state is forgotten only when the store confirms it long after it first acknowledged it',
  confirmAfterEnd:
    'repair of 7: that time is counted from the end of the slot if a renewed id closed its state earlier',
  audit: '7: replicas ask whether the store still has what it acknowledged',
  tiersApart: '7: what the outbox cannot hold is dropped, never merged into a coarser tier',
  acknowledgedGoFirst: 'repair of 7: past its cap the outbox drops what was acknowledged before what was never stored',
  foreignVersion: '7: a version above the last one sent means that somebody else has the same id',
  revisions: '10: a reader’s cache is asked for by revision',
  settledOnly: '10: coarse slots are read once they are settled',
  gapOfMissingKey: '11: an indexed slot whose key is absent is a gap',
  gapOfUnfinished: '11: a state that never became final is a gap from its as-of on',
  gapOfSilence: '11: a replica that is silent without having left is a gap from its last state on',
  gapOfDropped: '7, 11: who drops a state writes a gap record',
  gapOfEarlierSince: '11: who knew an earlier since than the store’s writes it back with a gap record',
  sinceFirstCount: 'repair of 4, 11: since is when the first contents were counted, not when they were published',
  gapOfRegress:
    '11: who sees the store go back writes a gap record from the beat that it found on; until it knows, its beats do not say that all is stored',
  gapOfRecreated: 'repair of 11: a publish that creates an indexed slot anew writes a gap record for it',
  beatSaysStoredUpTo: 'repair of 5, 11: a beat says for each tier up to when everything it counted is in the store',
  indexOutlivesKeys: 'repair of 4: index entries are pruned well after their keys expired',
  offerBeats:
    'repair of 11: who finds another store, or one that went back, puts back the ids it knew as live, as silent and lacking all that may be lost',
  gapOfPrunedBeat: 'repair of 5: who prunes the beat of a replica that did not leave writes its gap record',
  leaseInScript: '14: the lease is checked in the script of each control write',
  controlParent: 'repair of 14: a control write names the document it was made from and is refused if another is there',
  offerControlAgain: '14: replicas offer the store control documents that it lacks; the highest wins',
} as const;

export type RuleName = keyof typeof ruleTexts;

/** Which rules are kept. */
export type Rules = Readonly<Record<RuleName, boolean>>;

/** All rules that can be left out. */
export const ruleNames = Object.keys(ruleTexts) as RuleName[];

/** All rules but these. */
export function rulesWithout(...names: readonly RuleName[]): Rules {
  return Object.fromEntries(ruleNames.map((name) => [name, !names.includes(name)])) as Rules;
}
