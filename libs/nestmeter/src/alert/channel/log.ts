import { z } from 'zod';
import type { MessageAlert } from '../notify/message.js';
import { gravity, type Severity } from '../severity.js';
import { channelFields, defineChannelKind } from './channel.js';

/** Lines for people: one for each change of an alert, at a level that goes by its severity. */
export const logChannel = defineChannelKind({
  options: z.strictObject({ ...channelFields, kind: z.literal('log').describe('What receives messages.') }),
  alertsPerMessage: 10,
  digests: true,
  everyChange: true,
  resendSeconds: null,
  open:
    (_, { log }) =>
    async ({ alerts, omitted, counts }) => {
      for (const alert of alerts) log[levelOf(alert)](`Alert ${alert.change}: ${alert.text}`);
      const all = Object.entries(counts).map(([change, count]) => `${count} ${change}`);
      if (omitted > 0) log.warn(`Alerts: ${all.join(', ')}, of which the ${alerts.length} gravest stand above.`);
    },
});

/** Who was told that something is wrong is told that it is over: both at a level that is shown. */
function levelOf({ severity, told_severity: told, state }: MessageAlert): 'error' | 'warn' | 'info' {
  const worst: Severity = told !== null && gravity(told) > gravity(severity) ? told : severity;
  if (gravity(worst) < gravity('warning')) return 'info';
  return worst === 'warning' || state === 'resolved' ? 'warn' : 'error';
}
