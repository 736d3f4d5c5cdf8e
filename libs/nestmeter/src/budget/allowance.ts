import type { Upkeep } from '../store/upkeep.js';
import type { PeriodSpan } from './period.js';

/** What an {@link Allowance} is made of. Amounts are nano-USD or tokens. */
export interface AllowanceOptions {
  /** Names the budget and its group. */
  readonly account: string;
  /** The replica, under a name that no other process has; another one once it is known that some other has it. */
  readonly holder: () => string;
  readonly upkeep: Pick<Upkeep, 'reserve'>;
  /** Unix milliseconds of the store. */
  readonly storeNowMs: () => number;
  readonly monotonicMs: () => number;
  readonly spanAt: (nowMs: number) => PeriodSpan;
  /** What all may spend together in a period. */
  readonly limit: () => number;
  /** What the fleet is known to have used in the present period. */
  readonly used: () => number;
  /** What one call may cost when nothing else is known. */
  readonly estimate: number;
  /** Told what failed; an unreachable store speaks for itself. */
  readonly failed: (error: unknown) => void;
}

/** What this replica holds of one period. */
interface Holding {
  readonly span: PeriodSpan;
  /** May be spent without asking; never more than the store has for this replica, but for what already is spent. */
  held: number;
  spent: number;
  version: number;
  acknowledged: number;
  /** What was said last. */
  told: { readonly held: number; readonly spent: number } | null;
  toldMs: number;
}

/** A share of the next period is asked for so long before it begins, so that its first calls find one. */
const aheadMs = 5000;
/** For how much of the present rate a share is asked for. */
const aheadSeconds = 2;
/** A share that nobody used for so long is given back. */
const idleMs = 10_000;
/** What is held is said again so often: a store that lost it gives nobody more for `restoringMs`, which is longer. */
const repeatMs = 2000;
/** By how much the largest call of late is forgotten with each further one. */
const largestDecay = 0.99;
/** A share that is too small for a call is given back, and asked for again after so long. */
const shortPauseMs = 1500;
/** After a refusal by the store it is not asked again sooner. */
const refusedPauseMs = 250;
/** A period is kept so long after its end: replicas may be late. */
const keptSeconds = 3600;

/**
 * The share of a budget that this replica may spend without asking anybody. It is reserved in the store before it is
 * spent, so that all replicas together never spend more than the limit; the way of a call asks only this object.
 *
 * A share is for the calls of about two seconds. It is asked for, raised and given back in the background; what others
 * hold and do not spend is free again a second or two after they stop. A replica that is killed keeps what it held.
 */
export class Allowance {
  /** Reserved for calls that are not over. */
  #underWay = 0;
  #holder: string;
  #now: Holding;
  #next: Holding | null = null;
  #running: Promise<void> | null = null;
  #isOut = false;
  #everAnswered = false;
  #free: number | null = null;
  #answeredMs = -Infinity;
  /** The rate of calls: amounts taken in this second and the last. */
  #lately = { atMs: 0, amount: 0, before: 0 };
  #largest = 0;
  #askedMs = -Infinity;
  /** When the store gave less than one call needs. */
  #shortMs = -Infinity;

  constructor(private readonly options: AllowanceOptions) {
    this.#holder = options.holder();
    this.#now = emptyHolding(options.spanAt(options.storeNowMs()));
  }

  /** Whether the store did not answer lately, or never did: then a call that finds no share is a matter of the option. */
  get isOut(): boolean {
    return this.#isOut;
  }

  /** Whether the store ever said how much there is. */
  get isKnown(): boolean {
    return this.#everAnswered;
  }

  /** Whether calls are under way for which something is reserved. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  /** What is left for all replicas, as the store last said; null before. */
  get free(): number | null {
    return this.#free;
  }

  /** What this replica holds of the present period, what it spent included. */
  get held(): number {
    return this.#now.held;
  }

  /** Takes an amount for a call that is about to be made. @returns false when the share does not cover it */
  take(amount: number): boolean {
    const nowMs = this.options.storeNowMs();
    this.#roll(nowMs);
    this.#askedMs = this.options.monotonicMs();
    this.#largest = Math.max(amount, Math.floor(this.#largest * largestDecay));
    const { held, spent } = this.#now;
    if (spent + this.#underWay + amount > held) return false;
    this.#underWay += amount;
    this.#noteRate(amount);
    return true;
  }

  /** Takes an amount whatever is held, for a call that is made without a share. */
  force(amount: number): void {
    this.#roll(this.options.storeNowMs());
    this.#underWay += amount;
    this.#cover();
  }

  /** A call that was taken for is over. @param actual what it cost */
  settle(amount: number, actual: number): void {
    this.#roll(this.options.storeNowMs());
    this.#underWay = Math.max(0, this.#underWay - amount);
    this.spend(actual);
  }

  /** Counts what was spent without having been taken for. */
  spend(amount: number): void {
    this.#roll(this.options.storeNowMs());
    this.#now.spent += amount;
    this.#cover();
  }

  /** Asks for a share if there is something to ask for; at most one call is under way. Never rejects. */
  sync({ soon = false } = {}): Promise<void> {
    if (soon && this.#running === null && this.#wasRefusedLately()) return Promise.resolve();
    this.#running ??= this.#sync(false)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => (this.#running = null));
    return this.#running;
  }

  /** Waits for a share that covers an amount, through at most two answers of the store. @returns whether it was taken */
  async takeSoon(amount: number): Promise<boolean> {
    for (let attempt = 0; attempt < 2; attempt++) {
      await this.sync();
      if (this.take(amount)) return true;
    }
    return false;
  }

  /** Gives back what is not spent: this replica holds no more. Never rejects. */
  async close(): Promise<void> {
    await this.#running;
    await this.#sync(true).catch((error: unknown) => this.#failed(error));
  }

  async #sync(final: boolean): Promise<void> {
    const nowMs = this.options.storeNowMs();
    this.#roll(nowMs);
    this.#part();
    await this.#tell(this.#now, this.#underWay, final);
    const { to } = this.#now.span;
    if (final || to === null || nowMs < to * 1000 - aheadMs) return;
    this.#next ??= emptyHolding(this.options.spanAt(to * 1000));
    // Calls under way end, and count, in the next period.
    await this.#tell(this.#next, this.#underWay, false);
  }

  async #tell(holding: Holding, underWay: number, final: boolean): Promise<void> {
    const { account, upkeep, limit, used, monotonicMs } = this.options;
    const needed = holding.spent + underWay;
    const wanted = needed + (final ? 0 : this.#ahead(holding.held - needed));
    // Less is held from now on, before the store gives it to others.
    if (wanted < holding.held) holding.held = wanted;
    const isPresent = holding === this.#now;
    const { told } = holding;
    const isTold =
      told !== null && told.held === holding.held && told.spent === holding.spent && wanted <= holding.held;
    if (!final && isTold && (holding.held === 0 || monotonicMs() - holding.toldMs < repeatMs)) return;
    const { spent, held, acknowledged, span } = holding;
    const version = ++holding.version;
    const reserved = await upkeep.reserve({
      account: `${account}:${span.from}`,
      expiresAt: (span.to ?? 0) + keptSeconds,
      holder: this.#holder,
      version,
      acknowledged,
      spent,
      held,
      wanted,
      limit: limit(),
      used: isPresent ? used() : 0,
      final,
    });
    this.#isOut = false;
    this.#everAnswered = true;
    if (isPresent) this.#free = reserved.free;
    this.#answeredMs = monotonicMs();
    if (reserved.version !== version) return;
    holding.acknowledged = version;
    holding.told = { held: reserved.held, spent };
    holding.toldMs = monotonicMs();
    // Meanwhile more may have been spent than was held.
    holding.held = Math.max(holding.held, reserved.held);
    if (reserved.held < wanted && reserved.held - needed < this.#largest) this.#shortMs = monotonicMs();
  }

  /** What is wished for beyond what is spent or under way. @param spare what is held beyond that now */
  #ahead(spare: number): number {
    const { estimate, monotonicMs } = this.options;
    const one = Math.max(this.#largest, estimate);
    const isIdle = monotonicMs() - this.#askedMs > idleMs;
    // One call's worth waits for the first call, unless others may need it.
    if (isIdle) return this.#free === null || this.#free > 20 * estimate ? estimate : 0;
    this.#noteRate(0);
    // What is left is of use to somebody with smaller calls.
    const isShort = (this.#free ?? 0) + spare < one;
    if (isShort && monotonicMs() - this.#shortMs < shortPauseMs) return 0;
    const perSecond = Math.max(this.#lately.amount, this.#lately.before);
    const wished = Math.max(one, Math.ceil(perSecond * aheadSeconds));
    // Near the end small shares leave something for each replica.
    return this.#free === null ? one : Math.max(one, Math.min(wished, Math.ceil(this.#free / 4)));
  }

  #noteRate(amount: number): void {
    const second = Math.floor(this.options.monotonicMs() / 1000);
    const lately = this.#lately;
    if (second !== lately.atMs) {
      lately.before = second === lately.atMs + 1 ? lately.amount : 0;
      lately.amount = 0;
      lately.atMs = second;
    }
    lately.amount += amount;
  }

  #cover(): void {
    const needed = this.#now.spent + this.#underWay;
    if (needed > this.#now.held) this.#now.held = needed;
  }

  #roll(nowMs: number): void {
    const { to } = this.#now.span;
    if (to === null || nowMs < to * 1000) return;
    const span = this.options.spanAt(nowMs);
    this.#now = this.#next?.span.from === span.from ? this.#next : emptyHolding(span);
    this.#next = null;
    this.#free = null;
    this.#cover();
  }

  /**
   * Rule 7. A process that was copied with its memory shares its name with the copy. Whoever takes another one leaves what
   * was held to the other, and holds only what its calls under way need; what it spent is known from what it counted.
   */
  #part(): void {
    const holder = this.options.holder();
    if (holder === this.#holder) return;
    this.#holder = holder;
    this.#now = emptyHolding(this.#now.span);
    this.#next = null;
    this.#cover();
  }

  #wasRefusedLately(): boolean {
    const { monotonicMs } = this.options;
    return this.#free !== null && this.#free < this.#largest && monotonicMs() - this.#answeredMs < refusedPauseMs;
  }

  #failed(error: unknown): void {
    this.#isOut = true;
    this.options.failed(error);
  }
}

function emptyHolding(span: PeriodSpan): Holding {
  return { span, held: 0, spent: 0, version: 0, acknowledged: 0, told: null, toldMs: -Infinity };
}
