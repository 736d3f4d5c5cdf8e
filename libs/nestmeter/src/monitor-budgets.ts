import type { BudgetGate } from './budget/budget-gate.js';
import { currentRequest } from './record/http-request.js';
import type { Recorder } from './record/recorder.js';
import { currentScope } from './record/scope.js';
import { tagsInside } from './record/tags.js';

/** A call to be made, as far as it is known: budgets that ask for what is left out are not looked at. */
export interface BudgetCall {
  readonly provider?: string | undefined;
  /** The model asked for. */
  readonly model?: string | undefined;
  readonly operation?: string | undefined;
  /** Values of declared tags, beside those of the request under way. */
  readonly tags?: Readonly<Record<string, unknown>> | undefined;
}

/** What budgets of a monitor are asked by hand. */
export class MonitorBudgets {
  /** @param parts null when the monitor is disabled: then every call may be made */
  constructor(
    private readonly parts: { readonly recorder: Recorder; readonly budgeting: { readonly gate: BudgetGate } } | null,
  ) {}

  /**
   * Throws {@link BudgetExceededError} when a budget with a hard stop refuses the call. Synchronous, no I/O; reserves
   * nothing. For calls that are recorded by hand; decorated methods ask by themselves.
   */
  check(call: BudgetCall = {}): void {
    if (this.parts === null || !this.parts.budgeting.gate.isClosing) return;
    try {
      this.parts.budgeting.gate.check(this.#asking(call));
    } catch (error) {
      currentRequest()?.failedBy('quota');
      throw error;
    }
  }

  /**
   * As {@link check}, after having waited for a share of budgets with `strict`, so that it does not refuse only because
   * this replica has just started.
   */
  async ready(call: BudgetCall = {}): Promise<void> {
    if (this.parts === null || !this.parts.budgeting.gate.isClosing) return;
    await this.parts.budgeting.gate.ready(this.#asking(call));
    this.check(call);
  }

  #asking({ provider, model, operation, tags }: BudgetCall) {
    const { recorder } = this.parts!;
    const scope = currentScope();
    const around = scope?.recorder === recorder ? scope : null;
    return { provider, model, operation, tags: tagsInside(around, recorder.tagsOf(tags)) };
  }
}
