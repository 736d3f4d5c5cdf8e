import fc from 'fast-check';
import { cleanLabel } from '../accumulate/labels.js';
import { ManualClock } from '../clock.js';
import { MemoryStore } from '../store/memory-store.js';
import { Allowance } from './allowance.js';
import { type BudgetInput, budgetsOption, defineBudget } from './budget.js';
import { BudgetExceededError } from './budget-exceeded.js';
import { type AskingCall, BudgetGate, type BudgetState, type CallEstimate, type SpentCall } from './budget-gate.js';
import { BudgetGroups } from './budget-groups.js';
import { periodAt } from './period.js';

const noon = Date.UTC(2026, 10, 22, 12);

/** A gate of one replica over a memory store, on a clock that moves when told to. */
class Gate {
  readonly clock = new ManualClock(noon);
  readonly store = new MemoryStore({ clock: this.clock });
  readonly states: BudgetState[];
  readonly gate: BudgetGate;
  estimate: CallEstimate = { nanoUsd: null, tokens: null };
  isPriced: boolean | null = true;

  constructor(...inputs: BudgetInput[]) {
    const storeNowMs = (): number => this.clock.wallMs();
    this.states = budgetsOption.parse(inputs).map((option) => {
      const budget = defineBudget(option);
      const { upkeep } = this.store;
      const limit = (): number => budget.limit;
      return {
        budget,
        groups: new BudgetGroups(budget, storeNowMs()),
        limit,
        stepSeconds: 120,
        allowance: !budget.strict
          ? null
          : (group) =>
              (group.allowance ??= new Allowance({
                account: `${budget.name}:${group.name}`,
                holder: () => 'one',
                upkeep,
                storeNowMs,
                monotonicMs: () => this.clock.monotonicMs(),
                spanAt: (nowMs) => periodAt(budget.period, nowMs),
                limit,
                used: () => group.used,
                estimate: budget.estimate,
                failed: (error) => {
                  throw error;
                },
              })),
      };
    });
    this.gate = new BudgetGate({
      states: this.states,
      storeNowMs,
      label: cleanLabel,
      estimate: () => this.estimate,
      isPriced: () => this.isPriced,
      staleMs: () => 5000,
    });
  }

  /** The reason of a refusal; null when the call passes. */
  refusal(change: Partial<AskingCall> = {}): string | null {
    try {
      this.gate.check({ ...call, ...change });
      return null;
    } catch (error) {
      return (error as BudgetExceededError).reason;
    }
  }

  spend(costNanoUsd: number | undefined, change: Partial<SpentCall> = {}, hold: object | null = null): void {
    this.gate.ended({ ...spent, costNanoUsd, ...change }, hold);
  }

  /** What others use was read just now: nothing. */
  read(): void {
    for (const { groups } of this.states)
      groups.answered([], [], { from: groups.span.from, nowMs: this.clock.wallMs(), bornId: 'first' });
  }
}

const call: AskingCall = { provider: 'openai', model: 'gpt-4o', operation: 'chat', tags: null, args: [] };
const spent: SpentCall = {
  provider: 'openai',
  askedModel: 'gpt-4o',
  model: 'gpt-4o',
  operation: 'chat',
  tags: null,
  costNanoUsd: 0,
  tokens: 10,
  mayHaveSpent: true,
};
const daily: BudgetInput = { name: 'daily', limitUsd: '0.000001000', period: 'day', hardStop: true };
const strict: BudgetInput = { ...daily, strict: true, estimateUsd: '0.000000100' };

describe('a hard stop', () => {
  it('refuses from the call on with which the limit is reached, and again lets pass in the next period', () => {
    const one = new Gate(daily);
    one.spend(999);
    expect(one.refusal()).toBeNull();
    one.spend(1);
    expect(one.refusal()).toBe('exceeded');
    one.clock.advance(12 * 3_600_000);
    expect(one.refusal()).toBeNull();
  });

  it('says what is used up, by whom, and when to come again', () => {
    const one = new Gate({ ...daily, name: 'models', each: 'model' });
    one.spend(1500);
    one.clock.advance(3_600_000);
    expect(() => one.gate.check(call)).toThrow(
      expect.objectContaining({
        name: 'NestmeterError',
        code: 'NM_BUDGET_EXCEEDED',
        message:
          'Budget models model "gpt-4o" must be left for the call, got 0.000001500 USD used of 0.000001000 USD. Try again in 39600 s.',
        budget: 'models',
        labels: { model: 'gpt-4o' },
        unit: 'usd',
        limit: '0.000001000',
        used: '0.000001500',
        periodEnd: Date.UTC(2026, 10, 23) / 1000,
        retryAfterSeconds: 39_600,
        status: 429,
        headers: { 'Retry-After': '39600' },
      }) as Error,
    );
  });

  it('looks at the calls of the budget only', () => {
    const one = new Gate({ ...daily, per: { provider: 'openai', operation: 'chat' } });
    one.spend(1000, { operation: 'summary' });
    expect(one.refusal()).toBeNull();
    one.spend(1000);
    expect([one.refusal(), one.refusal({ operation: 'summary' }), one.refusal({ provider: 'azure' })]).toEqual(['exceeded', null, null]); // prettier-ignore
    // What is not known is of no budget that asks for it.
    expect(one.refusal({ operation: undefined })).toBeNull();
  });

  it('is for each tag value alone where the budget says so', () => {
    const one = new Gate({ ...daily, each: 'tenant' });
    one.spend(1000, { tags: { tenant: 'acme' } });
    const asked = [{ tenant: 'acme' }, { tenant: 'other' }, null].map((tags) => one.refusal({ tags }));
    expect(asked).toEqual(['exceeded', null, null]);
  });

  it('knows by the model that answers, however it was asked for', () => {
    const one = new Gate({ ...daily, each: 'model' });
    one.spend(1000, { model: 'gpt-4o-2024-08-06' });
    expect(one.refusal()).toBe('exceeded');
    expect(one.refusal({ model: 'o3' })).toBeNull();
    one.spend(0, { model: 'gpt-4o-2024-11-20' });
    expect(one.refusal()).toBeNull();
  });

  it('refuses unpriced calls where the budget says so, and for a moment while prices are being loaded', () => {
    const one = new Gate({ ...daily, onUnpriced: 'refuse' });
    one.isPriced = false;
    expect(one.refusal()).toBe('unpriced');
    one.isPriced = null;
    expect(one.refusal()).toBe('reserving');
    const lenient = new Gate(daily);
    lenient.isPriced = false;
    expect(lenient.refusal()).toBeNull();
  });

  it('fails open or closed while what others use is unknown', () => {
    const open = new Gate(daily);
    const closed = new Gate({ ...daily, onStoreOutage: 'refuse' });
    expect([open.refusal(), closed.refusal()]).toEqual([null, 'store_outage']);
    closed.read();
    expect(closed.refusal()).toBeNull();
    closed.clock.advance(5001);
    expect(closed.refusal()).toBe('store_outage');
  });

  it('counts tokens of a budget in tokens', () => {
    const one = new Gate({ name: 'tokens', limitTokens: 20, period: 'hour', hardStop: true });
    one.spend(undefined);
    expect(one.refusal()).toBeNull();
    one.spend(undefined);
    expect(one.refusal()).toBe('exceeded');
  });

  it('asks no budget without one, and counts nothing for it', () => {
    const one = new Gate({ ...daily, hardStop: false });
    expect(one.gate.isClosing).toBe(false);
    one.spend(5000);
    expect(one.refusal()).toBeNull();
    expect([...one.states[0]!.groups.all()][0]!.own).toBe(0);
  });
});

describe('a strict budget', () => {
  it('refuses a call that cannot wait before there is a share, and asks for one', async () => {
    const one = new Gate(strict);
    expect(one.refusal()).toBe('reserving');
    await new Promise(setImmediate);
    expect(one.refusal()).toBeNull();
  });

  it('lets a call wait that may, and takes what it costs from the share', async () => {
    const one = new Gate(strict);
    one.estimate = { nanoUsd: 700, tokens: null };
    const hold = one.gate.admit({ ...call, mayWait: true });
    expect(hold).toBeInstanceOf(Promise);
    const held = await hold;
    await expect(one.gate.admit({ ...call, mayWait: true })).rejects.toMatchObject({ reason: 'exceeded' });
    // It cost less than was reserved.
    one.spend(200, {}, held);
    expect(await one.gate.admit({ ...call, mayWait: true })).not.toBeNull();
  });

  it('keeps what a call may have cost that did not tell, and gives back what it surely did not', async () => {
    const one = new Gate(strict);
    one.estimate = { nanoUsd: 600, tokens: null };
    const ask = async () => one.gate.admit({ ...call, mayWait: true });
    one.spend(undefined, { tokens: undefined, mayHaveSpent: false }, await ask());
    one.gate.released((await ask())!);
    one.spend(undefined, { tokens: undefined }, await ask());
    await expect(ask()).rejects.toMatchObject({ reason: 'exceeded' });
  });

  it('gives what is reserved for a call to the calls inside it', async () => {
    const one = new Gate(strict);
    one.estimate = { nanoUsd: 900, tokens: null };
    const around = (await one.gate.admit({ ...call, mayWait: true }))!;
    const inside = (await one.gate.admit({ ...call, around }))!;
    one.spend(900, {}, inside);
    one.gate.released(around);
    expect([...one.states[0]!.groups.all()][0]!.allowance!.isBusy).toBe(false);
    expect(one.refusal()).toBe('exceeded');
  });

  it('counts what nothing was reserved for, beyond the limit too, and is closed by it', async () => {
    const one = new Gate(strict);
    one.estimate = { nanoUsd: 600, tokens: null };
    const ask = async () => (await one.gate.admit({ ...call, mayWait: true }))!;
    // A method answered an Observable that nobody reads yet: the next call gets its share.
    one.gate.released(await ask());
    const under = await ask();
    // It was read meanwhile, and another call was recorded by hand.
    one.spend(300);
    one.spend(200);
    one.spend(600, {}, under);
    const [group] = [...one.states[0]!.groups.all()];
    expect([group!.used, group!.allowance!.isBusy]).toEqual([1100, false]);
    await expect(ask()).rejects.toMatchObject({ reason: 'exceeded' });
  });

  it('gives back what other budgets reserved when one of them refuses', async () => {
    const one = new Gate(strict, { ...daily, name: 'second' });
    one.spend(1000);
    const fresh = new Gate({ ...strict, limitUsd: 1 }, { ...daily, name: 'second' });
    fresh.spend(1000);
    await expect(fresh.gate.admit({ ...call, mayWait: true })).rejects.toMatchObject({ budget: 'second' });
    expect([...fresh.states[0]!.groups.all()][0]!.allowance!.isBusy).toBe(false);
  });

  it('never keeps more than the calls under way, whatever becomes of them', async () => {
    const step = fc.record({ kind: fc.constantFrom('call', 'end', 'release', 'inside'), index: fc.nat({ max: 5 }), cost: fc.nat({ max: 100 }) }); // prettier-ignore
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const one = new Gate({ ...strict, limitUsd: 1 });
        const holds: object[] = [];
        for (const { kind, index, cost } of steps) {
          const [hold] = kind === 'end' || kind === 'release' ? holds.splice(index, 1) : [];
          if (kind === 'call') holds.push((await one.gate.admit({ ...call, mayWait: true }))!);
          else if (kind === 'inside' && holds[index] !== undefined)
            holds.push((await one.gate.admit({ ...call, mayWait: true, around: holds[index] }))!);
          else if (hold !== undefined && kind === 'end') one.spend(cost, {}, hold);
          else if (hold !== undefined) one.gate.released(hold);
        }
        for (const hold of holds) one.gate.released(hold);
        const [group] = [...one.states[0]!.groups.all()];
        expect(group!.allowance?.isBusy ?? false).toBe(false);
      }),
    );
  });
});
