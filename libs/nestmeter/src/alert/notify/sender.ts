import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestmeterError } from '../../errors.js';
import type { AlertRecords } from '../alert-records.js';
import type { Channel } from '../channel/channel.js';
import { DeliveryError } from '../channel/delivery-error.js';
import type { AlertRule } from '../rule.js';
import { type Attempt, claimed, isAnythingReady, settled } from './delivery.js';
import { type MessageFacts, testMessage, writtenMessage } from './message.js';
import type { Claim, Notifications, QueuedMessage } from './notifications.js';

/** What a {@link NotificationSender} is made of. */
export interface NotificationSenderOptions extends Omit<MessageFacts, 'rules'> {
  readonly records: Pick<AlertRecords, 'board'>;
  readonly channels: readonly Channel[];
  readonly rules: () => readonly AlertRule[];
  /** Token of the lease while this replica holds it, null for a store that needs none; undefined: somebody else's turn. */
  readonly keeperToken: () => string | null | undefined;
  /** Unix milliseconds of the store. */
  readonly storeNowMs: () => number;
  /** Told what an operator should know. */
  readonly warn: (message: string) => void;
  /** Takes note of what must not happen. */
  readonly failed: (where: string, error: unknown) => void;
  /** From 0 to 1, not 1. */
  readonly random?: () => number;
  readonly timing?: Partial<SenderTiming>;
}

/** When a sender does what. All in milliseconds. */
export interface SenderTiming {
  /** Between two looks at what is to be sent; they cost nothing while there is nothing. Default 1 s. */
  readonly lookEveryMs: number;
  /** For how long messages are claimed: who dies leaves them to others after this. Must be above the limit. Default 30 s. */
  readonly claimMs: number;
  /** What one message may take. Default 10 s. */
  readonly sendLimitMs: number;
}

const defaults: SenderTiming = { lookEveryMs: 1000, claimMs: 30_000, sendLimitMs: 10_000 };

/** Times that a write is tried while others write the same document. */
const writeAttempts = 10;

/**
 * Sends what waits in the outbox, on the replica that keeps the store: claims messages, sends them outside of any lock,
 * notes what came of it. Who is killed in between leaves a claim that runs out, and the next keeper sends the same message
 * under the same id: at least once. Channels do not wait for each other, and no evaluation waits for any. Never rejects.
 */
export class NotificationSender {
  readonly #busy = new Map<string, Promise<void>>();
  readonly #ended = new AbortController();
  /** Outcomes that the store could not be told yet. */
  #unsettled: Attempt[] = [];
  #looking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Channels that are known to fail: an operator is told once. */
  readonly #failing = new Set<string>();

  readonly #timing: SenderTiming;

  constructor(private readonly options: NotificationSenderOptions) {
    this.#timing = { ...defaults, ...options.timing };
  }

  /** Looks for messages from now on. What was stopped does not start again. */
  start(): void {
    if (this.#ended.signal.aborted || this.#timer !== null) return;
    this.#timer = setInterval(() => void this.#look(), this.#timing.lookEveryMs);
    this.#timer.unref();
  }

  /** Ends sending: waits for what is under way, at most some milliseconds, and leaves the rest to others. */
  async stop(withinMs: number): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    const idle = new AbortController();
    const late = sleep(withinMs, undefined, { signal: idle.signal }).catch(() => {});
    await Promise.race([this.#idle(), late]);
    idle.abort();
    this.#ended.abort();
    await this.#idle();
  }

  /** Looks now. Resolves when all that was found was sent or failed. */
  async send(): Promise<void> {
    await this.#look();
    await this.#idle();
  }

  /** Sends a test message to a channel at once, past the outbox. @returns what went wrong; null when it arrived */
  async test(channel: Channel): Promise<DeliveryError | null> {
    const id = `test-${randomBytes(9).toString('base64url')}`;
    const now = this.options.storeNowMs() / 1000;
    const message = testMessage(channel.name, id, now, { ...this.options, rules: [] });
    return this.#delivered(channel, message);
  }

  async #idle(): Promise<void> {
    await this.#looking;
    await Promise.all(this.#busy.values());
  }

  #look(): Promise<void> {
    this.#looking ??= this.#claimAndSend()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #claimAndSend(): Promise<void> {
    const { records, channels, keeperToken, storeNowMs } = this.options;
    await this.#settle([]);
    const token = keeperToken();
    if (token === undefined || this.#ended.signal.aborted) return;
    const idle = new Set(channels.flatMap(({ name }) => (this.#busy.has(name) ? [] : [name])));
    if (!isAnythingReady(records.board.body.notifications, idle, storeNowMs())) return;
    let messages: readonly QueuedMessage[] = [];
    const claim = { by: randomBytes(9).toString('base64url'), untilMs: storeNowMs() + this.#timing.claimMs };
    const written = await this.#write(token, (notifications) => {
      const next = claimed(notifications, idle, claim, storeNowMs());
      messages = next.messages;
      return messages.length === 0 ? null : next.notifications;
    });
    if (!written) return;
    for (const channel of channels) {
      const own = messages.filter((message) => message.channel === channel.name);
      if (own.length === 0) continue;
      const run = this.#sendAll(channel, own, claim)
        .catch((error: unknown) => this.#failed(error))
        .finally(() => this.#busy.delete(channel.name));
      this.#busy.set(channel.name, run);
    }
  }

  /** Sends messages of one channel one after the other; the first that fails holds the others back. */
  async #sendAll(channel: Channel, messages: readonly QueuedMessage[], { by, untilMs }: Claim): Promise<void> {
    const attempts: Attempt[] = [];
    for (const message of messages) {
      const isInTime = this.options.storeNowMs() + this.#timing.sendLimitMs < untilMs && !this.#ended.signal.aborted;
      const isHeldBack = attempts.some(({ outcome }) => outcome !== 'sent');
      const { id } = message;
      const isTried = isInTime && !isHeldBack;
      attempts.push(isTried ? await this.#attempt(channel, message, by) : { id, outcome: 'released', by });
    }
    await this.#settle(attempts);
  }

  async #attempt(channel: Channel, message: QueuedMessage, by: string): Promise<Attempt> {
    const { id } = message;
    const error = await this.#delivered(
      channel,
      writtenMessage(message, { ...this.options, rules: this.options.rules() }),
    );
    if (error === null) {
      if (this.#failing.delete(channel.name)) this.options.warn(`Alerts reach channel ${channel.name} again.`);
      return { id, outcome: 'sent' };
    }
    // It was us who ended it: that says nothing of the channel.
    if (this.#ended.signal.aborted) return { id, outcome: 'released', by };
    const { reason, isFinal, askedMs } = error;
    if (!this.#failing.has(channel.name)) {
      const then = isFinal ? 'The message is given up' : 'It is tried again';
      this.options.warn(`Alerts do not reach channel ${channel.name}: ${reason}. ${then}; see channels in /health.`);
    }
    this.#failing.add(channel.name);
    return { id, outcome: 'failed', by, reason, isFinal, askedMs };
  }

  /** Has a channel send a message; whatever goes wrong is a DeliveryError, a limit that is passed too. */
  async #delivered(channel: Channel, message: Parameters<Channel['send']>[0]): Promise<DeliveryError | null> {
    const { sendLimitMs } = this.#timing;
    const over = new AbortController();
    const signal = AbortSignal.any([this.#ended.signal, over.signal]);
    const late = sleep(sendLimitMs, undefined, { signal, ref: false }).then(() => {
      throw new DeliveryError({ reason: `it took more than ${sendLimitMs / 1000} s` });
    });
    late.catch(() => {});
    try {
      await Promise.race([channel.send(message, signal), late]);
      return null;
    } catch (error) {
      return error instanceof DeliveryError ? error : new DeliveryError({ reason: 'the channel failed' });
    } finally {
      over.abort();
    }
  }

  /** Notes what became of attempts. Needs no lease: that they are one's own is in the claim. */
  async #settle(attempts: readonly Attempt[]): Promise<void> {
    const all = [...this.#unsettled, ...attempts];
    if (all.length === 0) return;
    this.#unsettled = all;
    const { channels, storeNowMs, random = Math.random } = this.options;
    const isWritten = await this.#write(null, (notifications) =>
      settled(notifications, all, { channels, nowMs: storeNowMs(), random }),
    );
    if (isWritten) this.#unsettled = this.#unsettled.filter((one) => !all.includes(one));
  }

  /** Writes what a function makes of the notifications, again when somebody else was faster; null writes nothing. */
  async #write(token: string | null, change: (notifications: Notifications) => Notifications | null): Promise<boolean> {
    const { board } = this.options.records;
    for (let attempt = 0; attempt < writeAttempts; attempt++) {
      const { base, body } = await board.refresh(token ?? undefined);
      const notifications = change(body.notifications);
      if (notifications === null) return false;
      if (notifications === body.notifications) return true;
      if ((await board.replace(base, { ...body, notifications }, token)) !== null) return true;
    }
    return false;
  }

  #failed(error: unknown): void {
    // An unreachable store speaks for itself; what is to be noted is noted when it is back.
    if (error instanceof NestmeterError && error.code === 'NM_STORE_UNREACHABLE') return;
    this.options.failed('notifications', error);
  }
}
