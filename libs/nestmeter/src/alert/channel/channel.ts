import { z } from 'zod';
import type { AlertMessage } from '../notify/message.js';
import { givenSeverity, type Severity } from '../severity.js';
import { matchers } from '../silence.js';

/** What is the same for all channels of a kind: how much its messages hold, and what its receivers want to hear. */
export interface ChannelTraits {
  /** Alerts that one message lists. */
  readonly alertsPerMessage: number;
  /** Whether what is more than that is only counted; otherwise it goes as further messages. */
  readonly digests: boolean;
  /** Whether every change is told at once, whatever the cooldown: the receiver holds back by itself. */
  readonly everyChange: boolean;
  /** Seconds after which an alert that goes on is told again, for receivers that forget; null for those that do not. */
  readonly resendSeconds: number | null;
}

/** What decides which messages a channel gets. */
export interface ChannelPolicy extends ChannelTraits {
  readonly name: string;
  /** Milder alerts are not told, unless they were graver when they were. */
  readonly minSeverity: Severity;
  /** Only alerts that are like this; empty for all. */
  readonly filter: Readonly<Record<string, string>>;
  /** Seconds for which a message is tried before it is given up. */
  readonly retryForSeconds: number;
}

/** Sends a message. Rejects with a DeliveryError when it did not arrive, or perhaps did not. */
export type Send = (message: AlertMessage, signal: AbortSignal) => Promise<void>;

/** A place where people, or what they use, hear of alerts. */
export interface Channel extends ChannelPolicy {
  readonly kind: string;
  readonly send: Send;
}

/** What channels are opened with. */
export interface ChannelContext {
  readonly app: string;
  readonly log: {
    error(message: string): void;
    warn(message: string): void;
    info(message: string): void;
  };
}

/** Options that channels of all kinds have. */
export const channelFields = {
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'must be a lower-case name')
    .describe('Its name in answers and addresses.'),
  minSeverity: givenSeverity.default('info').describe('Milder alerts are not told.'),
  filter: matchers
    .optional()
    .transform((given) => given ?? {})
    .describe('Only alerts that are like this: rule, severity, category, metric or a label; may end with *.'),
  retryForSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(3600)
    .describe('Seconds for which a message is tried before it is given up.'),
};

/** Options of channels that send over HTTP. */
export const httpFields = {
  ...channelFields,
  allowPrivate: z
    .boolean()
    .default(false)
    .describe('Whether its target may have a private address, and be reached without TLS.'),
};

/** A kind of channel: one file, one row in `channel-kinds.ts`. */
export interface ChannelKind<Options extends ChannelOptionsShape> extends ChannelTraits {
  readonly options: Options;
  /** Makes what sends. It must not do any I/O. */
  open(options: z.output<Options>, context: ChannelContext): Send;
}

/** Schema of the options of a kind: an object with the kind's name as `kind`. */
export type ChannelOptionsShape = z.ZodObject<typeof channelFields & { readonly kind: z.ZodLiteral<string> }>;

/** A row of the table of kinds, with its types checked. */
export function defineChannelKind<Options extends ChannelOptionsShape>(
  kind: ChannelKind<Options>,
): ChannelKind<Options> {
  return kind;
}
