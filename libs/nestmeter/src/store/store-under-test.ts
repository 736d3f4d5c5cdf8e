import { encodeState } from '../accumulate/encoded-state.js';
import { defineFamily } from '../accumulate/family.js';
import { FamilyState } from '../accumulate/family-state.js';
import type { Beat, Store } from './store.js';

/** A store under test. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Lets time pass for the store. */
  readonly wait: (ms: number) => Promise<void>;
}

/** What a store is made for. */
export interface StoreSetup {
  readonly app: string;
  readonly intervalMs: number;
}

/** Family of the states of the suite. */
export const contractFamily = defineFamily({
  name: 'contract',
  help: 'States of the contract suite',
  labels: [{ name: 'name', attribute: 'name' }],
  counters: { calls: { unit: 'calls', help: 'Calls' } },
});

/** A state whose bytes differ with version and calls. */
export function encoded(version: number, calls = version, { final = false, padding = 0 } = {}): Buffer {
  const state = new FamilyState(contractFamily);
  state.at(`x${'.'.repeat(padding)}`).count(0, calls);
  return encodeState(state, { version, final, asOfMs: 1.7e12 }, { deflate: false });
}

/** A beat of a replica that lives. */
export function beatOf(id: string, number: number, more: Partial<Beat> = {}): Beat {
  return {
    id,
    number,
    name: `replica ${id}`,
    host: 'host',
    pid: 1,
    version: '0.0.0',
    schema: 1,
    started: 1_700_000_000,
    intervalMs: 1000,
    left: false,
    families: { contract: contractFamily.signature },
    current: { 'active_calls/é%/gpt': 3 },
    summary: { requests: null },
    ...more,
  };
}
