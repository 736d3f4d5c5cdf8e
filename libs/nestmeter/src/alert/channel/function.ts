import { z } from 'zod';
import type { AlertMessage } from '../notify/message.js';
import { channelFields, defineChannelKind } from './channel.js';
import { DeliveryError } from './delivery-error.js';

/** A function of the application. */
export const functionChannel = defineChannelKind({
  options: z.strictObject({
    ...channelFields,
    kind: z.literal('function'),
    send: z
      .custom<(message: AlertMessage) => unknown>((value) => typeof value === 'function', 'must be a function')
      .describe('Gets the message; has 10 seconds; what it throws is a failure.'),
  }),
  alertsPerMessage: 10,
  digests: true,
  everyChange: false,
  resendSeconds: null,
  open:
    ({ send }) =>
    async (message) => {
      try {
        await send(message);
      } catch (error) {
        // What it says may hold anything; only its class is told.
        const name = error instanceof Error ? error.name.slice(0, 60) : 'no error';
        throw new DeliveryError({ reason: `the function threw ${name}` });
      }
    },
});
