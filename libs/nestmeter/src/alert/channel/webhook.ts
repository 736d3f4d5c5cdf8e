import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { defineChannelKind, httpFields } from './channel.js';
import { post } from './http-post.js';
import { secretFor, secretOf } from './secret-reference.js';

/** A POST of the message as JSON, signed where there is a secret. */
export const webhookChannel = defineChannelKind({
  options: z.strictObject({
    ...httpFields,
    kind: z.literal('webhook'),
    urlFrom: secretFor('Where the URL of a webhook is'),
    secretFrom: secretFor('Where the secret is that bodies of a webhook are signed with').optional(),
  }),
  alertsPerMessage: 10,
  digests: true,
  everyChange: false,
  resendSeconds: null,
  open:
    ({ urlFrom, secretFrom, allowPrivate }) =>
    async (message, signal) => {
      const url = await secretOf(urlFrom);
      const body = JSON.stringify(message);
      const headers = { 'x-nestmeter-delivery': message.id, 'idempotency-key': message.id };
      const signature = secretFrom && { 'x-nestmeter-signature': signatureOf(body, await secretOf(secretFrom)) };
      await post({ url, body, headers: { ...headers, ...signature }, allowPrivate, signal });
    },
});

/** `t=<Unix seconds>,v1=<HMAC-SHA256 of "<t>.<body>" in hex>`: the time is signed too, so that an old one is refused. */
function signatureOf(body: string, secret: string): string {
  const seconds = Math.floor(Date.now() / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}
