import { z } from 'zod';
import { type AlertBoard, boardSchema, type ChangeRecord } from './alert-board.js';

/** Schema of the document: what happened to alerts, oldest first. */
export const historySchema = z.object({ changes: boardSchema.shape.changes });

/** See {@link historySchema}. */
export type AlertHistory = z.output<typeof historySchema>;

const retentionMs = 30 * 86_400_000;
/** Past it the oldest go: about 300 KB. */
export const mostHistory = 1000;

/** A history with the changes of a board that it lacks; changes older than 30 days go. */
export function withChanges(
  history: AlertHistory,
  { changes }: Pick<AlertBoard, 'changes'>,
  nowMs: number,
): AlertHistory {
  const known = new Set(history.changes.map(({ id }) => id));
  const all = [...history.changes, ...changes.filter(({ id }) => !known.has(id))];
  return { changes: all.filter(({ atMs }) => atMs > nowMs - retentionMs).slice(-mostHistory) };
}

/** The changes of a history and of a board that are not older than some hours, newest first. */
export function changesWithin(
  history: AlertHistory,
  board: Pick<AlertBoard, 'changes'>,
  hours: number,
  nowMs: number,
): ChangeRecord[] {
  const { changes } = withChanges(history, board, nowMs);
  return changes.filter(({ atMs }) => atMs > nowMs - hours * 3_600_000).reverse();
}
