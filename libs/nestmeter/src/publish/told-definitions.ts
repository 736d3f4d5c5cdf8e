import { describeFamily, type FamilyDefinition } from '../accumulate/family-definition.js';
import type { AnyFamily } from '../accumulate/family.js';

/** A store may have lost or refused a definition without a word: it is told again so often. */
const tellAgainMs = 10 * 60_000;
/** Bytes of definitions in one call. */
const mostBytes = 64 << 10;

/**
 * Rule 4. What the store must be told of the families that this replica has used, so that any keeper can fold them: before
 * their first state or with it, again after the store may have lost something, and every ten minutes.
 */
export class ToldDefinitions {
  readonly #texts = new Map<AnyFamily, FamilyDefinition>();
  /** Monotonic milliseconds at which the store last took each. */
  readonly #toldMs = new Map<string, number>();

  /** Definitions that go with the next call. @param nowMs a monotonic reading */
  due(families: readonly AnyFamily[], nowMs: number): FamilyDefinition[] {
    const due: FamilyDefinition[] = [];
    let bytes = 0;
    for (const family of families) {
      if (nowMs - (this.#toldMs.get(family.name) ?? -Infinity) < tellAgainMs) continue;
      let definition = this.#texts.get(family);
      if (definition === undefined) this.#texts.set(family, (definition = describeFamily(family)));
      bytes += definition.text.length;
      if (bytes > mostBytes && due.length > 0) break;
      due.push(definition);
    }
    return due;
  }

  /** The store answered to a call with these. */
  told(definitions: readonly FamilyDefinition[], nowMs: number): void {
    for (const { family } of definitions) this.#toldMs.set(family, nowMs);
  }

  /** Tells everything again: the store may have lost it. */
  distrust(): void {
    this.#toldMs.clear();
  }
}
