import { z } from 'zod';
import { alertmanagerChannel } from './alertmanager.js';
import type { Channel, ChannelContext, ChannelKind, ChannelOptionsShape } from './channel.js';
import { functionChannel } from './function.js';
import { logChannel } from './log.js';
import { pagerDutyChannel } from './pagerduty.js';
import { slackChannel } from './slack.js';
import { webhookChannel } from './webhook.js';

/** All kinds of channels. A new one is one file and its row here. */
export const channelKinds = [
  logChannel,
  webhookChannel,
  slackChannel,
  pagerDutyChannel,
  alertmanagerChannel,
  functionChannel,
] as const;

type SchemaOf<Row> = Row extends { readonly options: infer Schema extends ChannelOptionsShape } ? Schema : never;
type SchemasOf<Rows extends readonly unknown[]> = { -readonly [Row in keyof Rows]: SchemaOf<Rows[Row]> };
const schemas = channelKinds.map(({ options }) => options) as unknown as SchemasOf<typeof channelKinds>;

/** Schema of a channel, by its `kind`. */
export const channelOptions = z.discriminatedUnion('kind', schemas);

/** A channel as an application gives it. */
export type ChannelOptionsInput = z.input<typeof channelOptions>;

/** A channel as it is configured. */
export type ChannelOptions = z.output<typeof channelOptions>;

/** Makes a channel. Opens nothing. */
export function openChannel(options: ChannelOptions, context: ChannelContext): Channel {
  const kinds = channelKinds as unknown as readonly ChannelKind<ChannelOptionsShape>[];
  const kind = kinds.find((row) => row.options.shape.kind.value === options.kind)!;
  const { name, minSeverity, filter, retryForSeconds } = options;
  const { alertsPerMessage, digests, everyChange, resendSeconds } = kind;
  const policy = { name, minSeverity, filter, retryForSeconds, alertsPerMessage, digests, everyChange, resendSeconds };
  return { ...policy, kind: options.kind, send: kind.open(options, context) };
}
