import { SharedDocument } from '../store/shared-document.js';
import type { Receipt } from '../store/store.js';
import type { Upkeep } from '../store/upkeep.js';
import { noOverrides, overridesSchema } from './override.js';
import { noUsageRecord, usageRecordSchema } from './usage-record.js';

const names = { overrides: 'budget-overrides', usage: 'budget-usage' } as const;

/** What replicas share about budgets beside what they counted. Written by any of them, read when somebody else wrote. */
export class BudgetRecords {
  /** Limits that hold for a time. */
  readonly overrides;
  /** What was used, for a store that loses it. */
  readonly usage;
  #heads = '';
  #isCurrent = false;

  constructor(upkeep: Pick<Upkeep, 'offer' | 'documents'>) {
    const { overrides, usage } = names;
    this.overrides = new SharedDocument({ upkeep, name: overrides, schema: overridesSchema, empty: noOverrides });
    this.usage = new SharedDocument({ upkeep, name: usage, schema: usageRecordSchema, empty: noUsageRecord });
  }

  /** Takes in what the store has of documents, as each publish is told. */
  learn(documents: Receipt['documents']): void {
    const heads = Object.values(names).map((name) => JSON.stringify(documents.get(name) ?? null));
    const text = heads.join();
    if (text !== this.#heads) this.#isCurrent = false;
    this.#heads = text;
  }

  /**
   * Reads what the store has, unless nothing changed, and writes back what it lost. Rejects with NM_STORE_UNREACHABLE.
   *
   * @returns whether it was read
   */
  async refresh(): Promise<boolean> {
    if (this.#isCurrent) return false;
    this.#isCurrent = true;
    try {
      await Promise.all([this.overrides.refresh(null), this.usage.refresh(null)]);
    } catch (error) {
      this.#isCurrent = false;
      throw error;
    }
    return true;
  }
}
