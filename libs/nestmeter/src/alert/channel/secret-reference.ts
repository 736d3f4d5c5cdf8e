import { z } from 'zod';
import { DeliveryError } from './delivery-error.js';

/** Where a secret is: options, answers and the store hold this, never the secret. */
const secretReference = z.union(
  [
    z.strictObject({
      env: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'must be the name of an environment variable')
        .describe('Name of an environment variable.'),
    }),
    z.strictObject({
      secret: z
        .custom<() => string | Promise<string>>((value) => typeof value === 'function', 'must be a function')
        .describe('Function that answers it; asked for each message.'),
    }),
  ],
  { error: "must be { env: 'NAME' } or { secret: () => … }" },
);

/** Schema of a reference, with what the secret is for the reference of options. */
export function secretFor(what: string): typeof secretReference {
  return secretReference.describe(`${what}: { env: 'NAME' } or { secret: () => '…' }.`);
}

/** See {@link secretReference}. */
export type SecretReference = z.output<typeof secretReference>;

/** The secret that the environment has for a reference; null when it has none, or a function is to be asked. */
export function environmentSecret(reference: SecretReference): string | null {
  if (!('env' in reference)) return null;
  // Files and shells leave a line break behind.
  const value = process.env[reference.env]?.trim() ?? '';
  return value === '' ? null : value;
}

/** Looks a secret up. Rejects with a DeliveryError when there is none; what a function throws is not told further. */
export async function secretOf(reference: SecretReference): Promise<string> {
  const found = environmentSecret(reference) ?? ('env' in reference ? '' : await asked(reference.secret));
  if (found !== '') return found;
  const where = 'env' in reference ? `the environment variable ${reference.env}` : 'its function';
  throw new DeliveryError({ code: 'NM_CHANNEL_SECRET_MISSING', reason: `${where} has no secret for it` });
}

async function asked(secret: () => string | Promise<string>): Promise<string> {
  try {
    const answered: unknown = await secret();
    return typeof answered === 'string' ? answered.trim() : '';
  } catch {
    // Its message may hold anything, the secret too.
    throw new DeliveryError({ code: 'NM_CHANNEL_SECRET_MISSING', reason: 'the function for its secret failed' });
  }
}
