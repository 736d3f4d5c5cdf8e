import { readFamily } from '../accumulate/family-definition.js';
import { readHeader } from '../accumulate/encoded-state.js';
import type { AnyFamily } from '../accumulate/family.js';
import { decodeFolded } from '../store/folded-state.js';
import { definitionField } from '../store/store.js';
import type { SlotParts, ToldDefinition, Upkeep } from '../store/upkeep.js';

interface Defined {
  readonly text: string;
  /** Null for what does not read as a family. */
  readonly family: AnyFamily | null;
}

/**
 * Families by name and signature: those of this replica, and those that others have defined in the store. Short-lived jobs
 * have custom metrics that no keeper ever used, and other releases have other labels: their states are folded all the same.
 */
export class KnownFamilies {
  #defined = new Map<string, Defined>();

  constructor(
    private readonly upkeep: Pick<Upkeep, 'definitions'>,
    private readonly own: () => readonly AnyFamily[],
  ) {}

  /** Reads what was defined. Called before each pass; what has not changed is not read again. @returns all of it */
  async refresh(): Promise<readonly ToldDefinition[]> {
    const definitions = await this.upkeep.definitions();
    const known = this.#defined;
    this.#defined = new Map(
      definitions.map((definition) => {
        const field = definitionField(definition);
        const { text } = definition;
        const before = known.get(field);
        return [field, before?.text === text ? before : { text, family: readFamily(definition) }];
      }),
    );
    return definitions;
  }

  /** All families of a name: one for each signature, this replica's own first. */
  named(name: string): AnyFamily[] {
    const own = this.own().filter((family) => family.name === name);
    const others = [...this.#defined.values()].flatMap(({ family }) => (family?.name === name ? [family] : []));
    return [...own, ...others.filter(({ signature }) => own.every((family) => family.signature !== signature))];
  }
}

/**
 * The family by which the states of a slot can be merged: that of `*`, else the first of which there is a state, else any.
 *
 * @param families of the slot's name
 */
export function familyOf(
  families: readonly AnyFamily[],
  { folded }: Pick<SlotParts, 'folded'>,
  states: ReadonlyMap<string, Buffer>,
): AnyFamily {
  const encoded = folded === null ? [...states.values()] : [decodeFolded(folded).encoded];
  const signatures = new Set(encoded.map((state) => readHeader(state)?.signature));
  return families.find(({ signature }) => signatures.has(signature)) ?? families[0]!;
}
