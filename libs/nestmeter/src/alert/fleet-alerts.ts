import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { NestmeterError, shown } from '../errors.js';
import { acknowledged } from './acknowledgement.js';
import { type AlertsAnswer, answerAlerts, answerChange, type changeAnswer } from './alert-answer.js';
import type { AlertRecords } from './alert-records.js';
import type { Channel } from './channel/channel.js';
import { type ChannelHealth, channelHealth, type ChannelTest } from './channel/channel-answer.js';
import { changesWithin } from './history.js';
import type { AlertRule } from './rule.js';
import { livingSilences, mostSilences, type Silence, type silenceRequest } from './silence.js';

/** What {@link FleetAlerts} are made of. */
export interface FleetAlertsOptions {
  readonly records: AlertRecords;
  readonly rules: () => readonly AlertRule[];
  readonly intervalSeconds: () => number;
  /** Unix milliseconds of the store. */
  readonly storeNowMs: () => number;
  /** False when no rule is ever evaluated. */
  readonly enabled: boolean;
  readonly channels: readonly Channel[];
  /** Sends a test message; answers what went wrong, null when it arrived. */
  readonly test: (channel: Channel) => Promise<NestmeterError | null>;
}

/** Without an evaluation for so long, or three intervals, nobody seems to evaluate. */
const staleMs = 60_000;

/** The alerts of the fleet, as any replica answers for them and changes what people say about them. */
export class FleetAlerts {
  /** Answers that are asked for at the same time share one read. */
  #reading: Promise<void> | null = null;

  constructor(private readonly options: FleetAlertsOptions) {}

  /** Which alerts fire and what the rules say. While the store is unreachable, what this replica knew last. */
  async now(): Promise<AlertsAnswer> {
    const { records, rules, intervalSeconds, storeNowMs, enabled } = this.options;
    await this.#refresh();
    const nowMs = storeNowMs();
    const board = records.board.body;
    const isStale = !enabled || nowMs - board.evaluatedMs > Math.max(staleMs, 3000 * intervalSeconds());
    const acknowledgements = records.acknowledgements.body;
    const silences = livingSilences(records.silences.body, nowMs / 1000);
    return answerAlerts({ board, rules: rules(), acknowledgements, silences, nowMs, isStale });
  }

  /** What happened to alerts in the last hours, newest first. */
  async history(hours: number): Promise<z.output<typeof changeAnswer>[]> {
    const { records, rules, storeNowMs } = this.options;
    await this.#refresh();
    const changes = changesWithin(records.history.body, records.board.body, hours, storeNowMs());
    const known = rules();
    return changes.map((change) => answerChange(change, known));
  }

  /** What became of the messages to each channel; none when no rule is evaluated. While the store is unreachable, what this replica knew last. */
  async channels(): Promise<ChannelHealth[]> {
    const { records, channels, enabled } = this.options;
    if (!enabled) return [];
    await this.#refresh();
    return channels.map((channel) => channelHealth(channel, records.board.body.notifications));
  }

  /** Sends a test message to a channel from this replica. Rejects with NM_NOT_FOUND when there is no such channel. */
  async testChannel(name: string): Promise<ChannelTest> {
    const channel = this.options.channels.find((one) => one.name === name);
    if (channel === undefined) throw noSuch('channel', name);
    const error = await this.options.test(channel);
    return { channel: name, delivered: error === null, error: error && { code: error.code, message: error.message } };
  }

  /** Says who takes care of an alert. Rejects with NM_NOT_FOUND for one that neither is pending nor fires. */
  async acknowledge(alertId: string, by: string, why: string): Promise<void> {
    const { records, storeNowMs } = this.options;
    await records.board.refresh(undefined);
    if (!records.board.body.alerts.some(({ id }) => id === alertId)) throw noSuch('alert', alertId);
    await records.acknowledgements.change((body) => acknowledged(body, alertId, { by, why, atMs: storeNowMs() }));
  }

  /** Silences in force, those that end first first. */
  async silences(): Promise<Silence[]> {
    await this.#refresh();
    const { records, storeNowMs } = this.options;
    return livingSilences(records.silences.body, storeNowMs() / 1000).sort((a, b) => a.until - b.until);
  }

  /** Silences alerts. Rejects with NM_BODY_INVALID for an end in the past, or when there are 200 already. */
  async silence(request: z.output<typeof silenceRequest>, by: string): Promise<Silence> {
    const { records, storeNowMs } = this.options;
    const created = storeNowMs() / 1000;
    const { matchers, until = created + (request.minutes ?? 60) * 60, why } = request;
    if (!(until > created)) throw invalidBody('until must be in the future', until);
    const silence = { id: randomBytes(9).toString('base64url'), matchers, until, created, by, why };
    await records.silences.change((body) => {
      const living = livingSilences(body, created);
      if (living.length >= mostSilences)
        throw invalidBody(`silences must be at most ${mostSilences}`, living.length + 1);
      return { silences: [...living, silence] };
    });
    return silence;
  }

  /** Ends a silence. Rejects with NM_NOT_FOUND when there is none of that id. */
  async endSilence(silenceId: string): Promise<void> {
    const { records, storeNowMs } = this.options;
    await records.silences.change((body) => {
      const living = livingSilences(body, storeNowMs() / 1000);
      if (!living.some(({ id }) => id === silenceId)) throw noSuch('silence', silenceId);
      return { silences: living.filter(({ id }) => id !== silenceId) };
    });
  }

  /** Reads what the store has; a silent store is not an error: then what was known last is answered, and says how old it is. */
  async #refresh(): Promise<void> {
    this.#reading ??= this.options.records
      .refresh()
      .catch((error: unknown) => {
        if (!(error instanceof NestmeterError && error.code === 'NM_STORE_UNREACHABLE')) throw error;
      })
      .finally(() => (this.#reading = null));
    await this.#reading;
  }
}

function noSuch(what: string, id: string): NestmeterError {
  return new NestmeterError({
    code: 'NM_NOT_FOUND',
    message: `The ${what} must be one that is in force, got ${shown(id)}. Look at those that are.`,
  });
}

function invalidBody(rule: string, got: number): NestmeterError {
  return new NestmeterError({ code: 'NM_BODY_INVALID', message: `${rule}, got ${got}. Correct the body.` });
}
