import type { Budget } from './budget.js';

/** A call as budgets look at it; what is unknown is left out. */
export interface BudgetedCall {
  readonly provider?: string | undefined;
  /** The model that answers, as far as it is known. */
  readonly model?: string | undefined;
  readonly operation?: string | undefined;
  /** Values of declared tags. */
  readonly tags?: Readonly<Record<string, string>> | null | undefined;
}

function labelOf(call: BudgetedCall, label: string): string | undefined {
  switch (label) {
    case 'provider':
      return call.provider;
    case 'model':
      return call.model;
    case 'operation':
      return call.operation;
    default:
      return call.tags != null && Object.hasOwn(call.tags, label) ? call.tags[label] : undefined;
  }
}

/** Whether a budget counts a call. What the call leaves out is of no budget that asks for it. Allocates nothing. */
export function covers({ filters, each }: Budget, call: BudgetedCall): boolean {
  for (const { label, value, isPrefix } of filters) {
    const found = labelOf(call, label);
    if (found === undefined || !(isPrefix ? found.startsWith(value) : found === value)) return false;
  }
  return each === null || labelOf(call, each) !== undefined;
}

/** Name of the group that a call belongs to, of a budget that covers it; '' for budgets without groups. */
export function groupOf({ each }: Budget, call: BudgetedCall): string {
  return each === null ? '' : labelOf(call, each)!;
}

/** The same call with the labels of a series, for budgets that count what was used. */
export function callOfSeries(labels: Readonly<Record<string, string>>, tag: string | null): BudgetedCall {
  return tag === null ? labels : { tags: labels };
}

const mostModels = 1000;

/**
 * Which model answered last for the one that was asked for. Usage is counted by the model that answers, whose name a
 * provider may spell longer (`gpt-4o-2024-08-06`); before a call only the name that is asked for is known.
 */
export class AnsweringModels {
  readonly #answered = new Map<string, Map<string, string>>();
  #count = 0;

  /** Notes who answered. */
  note(provider: string, asked: string, answered: string): void {
    let models = this.#answered.get(provider);
    if (asked === answered && models?.has(asked) !== true) return;
    if (models?.get(asked) === answered) return;
    if (this.#count >= mostModels) {
      this.#answered.clear();
      this.#count = 0;
      models = undefined;
    }
    if (models === undefined) this.#answered.set(provider, (models = new Map()));
    if (!models.has(asked)) this.#count++;
    models.set(asked, answered);
  }

  /** The model that will answer, as far as can be told; the one asked for where nobody answered yet. */
  of(provider: string | undefined, asked: string): string {
    if (this.#count === 0 || provider === undefined) return asked;
    return this.#answered.get(provider)?.get(asked) ?? asked;
  }
}
