import { invalidOption, type OptionProblem } from '../../errors.js';
import type { Channel, ChannelContext } from './channel.js';
import { channelOptions, type ChannelOptions, openChannel } from './channel-kinds.js';
import { addressRule } from './public-address.js';
import { environmentSecret, type SecretReference } from './secret-reference.js';

/** Name of the channel that is there unless it is turned off. */
export const logName = 'log';

/** Channels with what an operator should know about them. */
export interface OpenedChannels {
  readonly channels: readonly Channel[];
  /** What is missing for now, one sentence each; it may still come. */
  readonly warnings: readonly string[];
}

/**
 * Makes the channels that options ask for. Throws NM_OPTION_INVALID, which lists all problems, when an address in the
 * environment cannot be one of a channel; what is missing there is only warned about, for it may come later.
 *
 * @param hasLog whether lines in the log are wanted too
 */
export function openChannels(
  given: readonly ChannelOptions[],
  hasLog: boolean,
  context: ChannelContext,
): OpenedChannels {
  const isLogGiven = given.some(({ kind }) => kind === 'log');
  const all = hasLog && !isLogGiven ? [channelOptions.parse({ name: logName, kind: 'log' }), ...given] : given;
  const problems: OptionProblem[] = [];
  const warnings: string[] = [];
  for (const [index, options] of given.entries())
    for (const [field, reference] of Object.entries(options)) {
      if (!field.endsWith('From') || reference === undefined || !('env' in (reference as SecretReference))) continue;
      const { env } = reference as { env: string };
      const value = environmentSecret({ env });
      if (value === null) {
        warnings.push(`Channel ${options.name} needs the environment variable ${env}, which is not set.`);
        continue;
      }
      const rule = field === 'urlFrom' && 'allowPrivate' in options ? addressRule(value, options) : null;
      if (rule !== null) problems.push({ path: `alerts.channels.${index}.${field}`, rule, got: `that in ${env}` });
    }
  if (problems.length > 0) throw invalidOption(problems);
  return { channels: all.map((options) => openChannel(options, context)), warnings };
}
