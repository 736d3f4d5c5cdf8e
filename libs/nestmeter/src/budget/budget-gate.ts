import type { Allowance } from './allowance.js';
import type { Budget } from './budget.js';
import { BudgetExceededError, type BudgetRefusal } from './budget-exceeded.js';
import { type BudgetGroup, type BudgetGroups, otherGroup } from './budget-groups.js';
import { AnsweringModels, type BudgetedCall, covers, groupOf } from './call-labels.js';

/** A call that asks whether it may be made. */
export interface AskingCall {
  readonly provider?: string | undefined;
  /** The model asked for. */
  readonly model?: string | undefined;
  readonly operation?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | null | undefined;
  readonly args?: readonly unknown[] | undefined;
  /** Whether the answer may be a promise. */
  readonly mayWait?: boolean | undefined;
  /** What is kept for the call around it. */
  readonly around?: object | null | undefined;
}

/** What a call came to. */
export interface SpentCall {
  readonly provider: string;
  readonly askedModel: string;
  readonly model: string;
  readonly operation: string;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly costNanoUsd: number | undefined;
  readonly tokens: number | undefined;
  readonly mayHaveSpent: boolean;
}

/** What is known of the cost of a call before it is made. */
export interface CallEstimate {
  /** At most, in nano-USD; null when it cannot be told. */
  readonly nanoUsd: number | null;
  /** At most; null when it cannot be told. */
  readonly tokens: number | null;
}

/** A budget with what this replica knows of it. */
export interface BudgetState {
  readonly budget: Budget;
  readonly groups: BudgetGroups;
  /** The limit in force, with an override. */
  readonly limit: () => number;
  /** The share of this replica in a group; null without `strict`. */
  readonly allowance: ((group: BudgetGroup) => Allowance) | null;
  /** Seconds after which a rolling window is another one. */
  readonly stepSeconds: number;
}

/** What a {@link BudgetGate} is made of. */
export interface BudgetGateOptions {
  readonly states: readonly BudgetState[];
  /** Unix milliseconds of the store. */
  readonly storeNowMs: () => number;
  /** Names as labels show them; null for reserved ones. */
  readonly label: (value: string) => string | null;
  readonly estimate: (call: AskingCall) => CallEstimate;
  /** Whether the price of a model is known; null while prices are still being loaded. */
  readonly isPriced: (provider: string, model: string) => boolean | null;
  /** Age in milliseconds past which what others used counts as unknown. */
  readonly staleMs: () => number;
}

interface Part {
  readonly allowance: Allowance;
  amount: number;
}

/** What is reserved for one call, by budget. */
class Hold {
  constructor(readonly parts: Part[]) {}
}

/** While a share may be on its way. */
const reservingSeconds = 1;
const outageSeconds = 5;

/**
 * Hard stops. Looks at each call before it is made: by arithmetic on what is known here, without I/O. With `strict` a call
 * takes what it may cost from the share of this replica, and waits for a larger one where its method is `async`.
 */
export class BudgetGate {
  readonly #closing: readonly BudgetState[];
  readonly #models = new AnsweringModels();
  /** The labels of the call that is looked at now: one object for all, since looking is synchronous. */
  readonly #counted: { -readonly [Name in keyof BudgetedCall]: BudgetedCall[Name] } = {};
  readonly #looksAtModels: boolean;

  constructor(private readonly options: BudgetGateOptions) {
    this.#closing = options.states.filter(({ budget }) => budget.hardStop);
    this.#looksAtModels = this.#closing.some(
      ({ budget: { each, filters } }) => each === 'model' || filters.some(({ label }) => label === 'model'),
    );
  }

  /** Whether any budget refuses calls. */
  get isClosing(): boolean {
    return this.#closing.length > 0;
  }

  /** Lets a call pass, or throws {@link BudgetExceededError}. */
  admit(call: AskingCall): Hold | null | Promise<Hold | null> {
    const counted = this.#asked(call);
    const nowMs = this.options.storeNowMs();
    let parts: Part[] | null = null;
    try {
      for (let index = 0; index < this.#closing.length; index++) {
        const state = this.#closing[index]!;
        if (!covers(state.budget, counted)) continue;
        const group = this.#groupOf(state, counted, nowMs);
        this.#refuseUnpriced(state, group, call);
        if (state.allowance === null) this.#look(state, group, nowMs);
        else {
          const part = this.#take(state, group, call);
          if (part instanceof Promise) return this.#waited(part, parts ?? [], { call, counted: { ...counted }, index });
          (parts ??= []).push(part);
        }
      }
    } catch (error) {
      if (parts !== null) this.released(new Hold(parts));
      throw error;
    }
    return parts === null ? null : new Hold(parts);
  }

  /** Whether a call could be made now; throws {@link BudgetExceededError} when not. Reserves nothing. */
  check(call: AskingCall): void {
    const hold = this.admit({ ...call, mayWait: false });
    // Without leave to wait it is never a promise.
    if (hold !== null) this.released(hold);
  }

  /** A call is over. */
  ended(call: SpentCall, hold: object | null): void {
    const { provider, askedModel, model } = call;
    if (this.#looksAtModels) this.#models.note(provider, askedModel, model);
    const parts = hold instanceof Hold ? hold.parts : null;
    const nowMs = this.options.storeNowMs();
    const counted = this.#labelled(call);
    for (const state of this.#closing) {
      if (!covers(state.budget, counted)) continue;
      const group = this.#groupOf(state, counted, nowMs);
      const amount = state.budget.unit === 'usd' ? call.costNanoUsd : call.tokens;
      group.own += amount ?? 0;
      if (state.allowance === null) continue;
      const allowance = state.allowance(group);
      const part = parts?.find((one) => one.allowance === allowance);
      // What may have been spent and was not told stays reserved for the rest of the period.
      const spent = amount ?? (call.mayHaveSpent ? (part?.amount ?? state.budget.estimate) : 0);
      if (part === undefined) allowance.spend(spent);
      else allowance.settle(part.amount, spent);
      if (part !== undefined) part.amount = -1;
    }
    // Counted under other labels than it was asked for.
    for (const part of parts ?? []) if (part.amount >= 0) part.allowance.settle(part.amount, 0);
  }

  /** A call is over that spent nothing of its own. */
  released(hold: object): void {
    if (!(hold instanceof Hold)) return;
    for (const part of hold.parts.splice(0)) part.allowance.settle(part.amount, 0);
  }

  /** Waits until the shares that a call needs were asked for. Never rejects: whether they suffice is another question. */
  async ready(call: AskingCall): Promise<void> {
    const counted = { ...this.#asked(call) };
    const nowMs = this.options.storeNowMs();
    for (const state of this.#closing) {
      if (state.allowance === null || !covers(state.budget, counted)) continue;
      const allowance = state.allowance(this.#groupOf(state, counted, nowMs));
      const amount = this.#amountOf(state.budget, call);
      if (await allowance.takeSoon(amount)) allowance.settle(amount, 0);
    }
  }

  /** The labels under which a call will be counted, as far as can be told. */
  #asked(call: AskingCall): BudgetedCall {
    const { provider, model } = call;
    const counted = this.#labelled(call);
    if (this.#looksAtModels && model !== undefined) this.#counted.model = this.#models.of(provider, model);
    return counted;
  }

  #labelled({ provider, model, operation, tags }: BudgetedCall): BudgetedCall {
    const counted = this.#counted;
    counted.provider = provider;
    counted.model = model;
    counted.operation = operation;
    counted.tags = tags;
    return counted;
  }

  #groupOf({ budget, groups }: BudgetState, call: BudgetedCall, nowMs: number): BudgetGroup {
    groups.roll(nowMs);
    return groups.at(budget.each === null ? '' : (this.options.label(groupOf(budget, call)) ?? otherGroup));
  }

  #refuseUnpriced(state: BudgetState, group: BudgetGroup, { provider, model }: AskingCall): void {
    if (!state.budget.refusesUnpriced || provider === undefined || model === undefined) return;
    const isPriced = this.options.isPriced(provider, model);
    if (isPriced !== true) throw this.#refusal(state, group, isPriced === null ? 'reserving' : 'unpriced');
  }

  /** Against what is known of all, and what this replica has counted since. */
  #look(state: BudgetState, group: BudgetGroup, nowMs: number): void {
    if (group.used >= state.limit()) throw this.#refusal(state, group, 'exceeded');
    const { readMs } = state.groups;
    const isUnknown = readMs === null || nowMs - readMs > this.options.staleMs();
    if (isUnknown && state.budget.failsClosed) throw this.#refusal(state, group, 'store_outage');
  }

  #take(state: BudgetState, group: BudgetGroup, asked: AskingCall): Part | Promise<Part> {
    // What was spent without a reservation, by hand or by an older release, closes it too.
    if (group.used >= state.limit()) throw this.#refusal(state, group, 'exceeded');
    const allowance = state.allowance!(group);
    const amount = this.#amountOf(state.budget, asked);
    const around =
      asked.around instanceof Hold ? asked.around.parts.find((one) => one.allowance === allowance) : undefined;
    if (around !== undefined) {
      // The call around this one counts nothing: what was reserved for it is for those inside.
      allowance.settle(around.amount, 0);
      if (allowance.take(amount)) {
        around.amount = 0;
        return { allowance, amount };
      }
      allowance.force(around.amount);
    } else if (allowance.take(amount)) return { allowance, amount };
    if (asked.mayWait === true && !allowance.isOut)
      return allowance.takeSoon(amount).then((isTaken) => {
        if (isTaken) return { allowance, amount };
        return this.#withoutShare(state, group, allowance, amount);
      });
    void allowance.sync({ soon: true });
    return this.#withoutShare(state, group, allowance, amount);
  }

  #withoutShare(state: BudgetState, group: BudgetGroup, allowance: Allowance, amount: number): Part {
    if (allowance.isOut) {
      if (state.budget.failsClosed) throw this.#refusal(state, group, 'store_outage');
      allowance.force(amount);
      return { allowance, amount };
    }
    const isReserving = !allowance.isKnown || (allowance.free ?? 0) >= amount;
    throw this.#refusal(state, group, isReserving ? 'reserving' : 'exceeded');
  }

  async #waited(
    part: Promise<Part>,
    parts: Part[],
    { call, counted, index }: { readonly call: AskingCall; readonly counted: BudgetedCall; readonly index: number },
  ): Promise<Hold> {
    try {
      parts.push(await part);
      const nowMs = this.options.storeNowMs();
      for (const state of this.#closing.slice(index + 1)) {
        if (!covers(state.budget, counted)) continue;
        const group = this.#groupOf(state, counted, nowMs);
        this.#refuseUnpriced(state, group, call);
        if (state.allowance === null) this.#look(state, group, nowMs);
        else parts.push(await this.#take(state, group, call));
      }
      return new Hold(parts);
    } catch (error) {
      this.released(new Hold(parts));
      throw error;
    }
  }

  #amountOf({ unit, estimate }: Budget, call: AskingCall): number {
    if (call.args === undefined) return estimate;
    const { nanoUsd, tokens } = this.options.estimate(call);
    return (unit === 'usd' ? nanoUsd : tokens) ?? estimate;
  }

  #refusal(state: BudgetState, { labels, used }: BudgetGroup, reason: BudgetRefusal): BudgetExceededError {
    const { budget, groups, stepSeconds } = state;
    const limit = state.limit();
    const { to } = groups.span;
    const untilEnd = to === null ? stepSeconds : to - this.options.storeNowMs() / 1000;
    const soon = { exceeded: untilEnd, unpriced: untilEnd, store_outage: outageSeconds, reserving: reservingSeconds };
    // What others hold and do not spend is free again soon.
    const isSpent = budget.strict && reason === 'exceeded' && used < limit;
    return new BudgetExceededError({
      budget: budget.name,
      labels,
      reason,
      unit: budget.unit,
      limit,
      used: reason === 'store_outage' ? null : used,
      periodEnd: to,
      retryAfterSeconds: isSpent ? Math.min(untilEnd, outageSeconds) : soon[reason],
    });
  }
}
