import { SharedDocument } from '../store/shared-document.js';
import type { Upkeep } from '../store/upkeep.js';
import { acknowledgementsSchema } from './acknowledgement.js';
import { boardSchema, emptyBoard } from './alert-board.js';
import { historySchema } from './history.js';
import { silencesSchema } from './silence.js';

/**
 * Everything that replicas share about alerts. The board and the history are written by whoever keeps the store,
 * acknowledgements and silences by any replica.
 */
export class AlertRecords {
  readonly board;
  readonly history;
  readonly acknowledgements;
  readonly silences;

  constructor(upkeep: Pick<Upkeep, 'offer' | 'documents'>) {
    this.board = new SharedDocument({ upkeep, name: 'alerts', schema: boardSchema, empty: emptyBoard });
    this.history = new SharedDocument({ upkeep, name: 'alert-history', schema: historySchema, empty: { changes: [] } });
    this.acknowledgements = new SharedDocument({
      upkeep,
      name: 'alert-acknowledgements',
      schema: acknowledgementsSchema,
      empty: { of: [] },
    });
    this.silences = new SharedDocument({
      upkeep,
      name: 'alert-silences',
      schema: silencesSchema,
      empty: { silences: [] },
    });
  }

  /** Reads what the store has, and writes back what it lost. Rejects with NM_STORE_UNREACHABLE. */
  async refresh(): Promise<void> {
    await Promise.all([
      this.board.refresh(undefined),
      this.history.refresh(undefined),
      this.acknowledgements.refresh(null),
      this.silences.refresh(null),
    ]);
  }
}
