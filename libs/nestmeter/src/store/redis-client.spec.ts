import { jest } from '@jest/globals';
import type { NestmeterError } from '../errors.js';

/** What a client is refused with when the import of ioredis throws something. */
async function refusedWith(thrown: unknown): Promise<NestmeterError> {
  let refused: unknown;
  await jest.isolateModulesAsync(async () => {
    jest.unstable_mockModule('ioredis', () => {
      throw thrown;
    });
    const { createClient } = await import('./redis-client.js');
    refused = await createClient('redis://127.0.0.1:1', { name: 'test', timeoutMs: 100 }).catch((error: unknown) => error); // prettier-ignore
  });
  return refused as NestmeterError;
}

const notFound = (message: string) => Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' });

describe('a client of our own', () => {
  it('says that ioredis is to be installed where it is not', async () => {
    const cause = notFound("Cannot find package 'ioredis' imported from /app/store/redis-client.js");
    const { code, message, cause: kept } = await refusedWith(cause);
    expect([code, kept]).toEqual(['NM_MISSING_PEER', cause]);
    expect(message).toBe(
      'Package ioredis must be installed (version 6) when the option redis is given. Run: npm install ioredis@6',
    );
  });

  it.each([
    [
      'lacks what it depends on',
      notFound("Cannot find package 'denque' imported from /a/ioredis/index.js"),
      '"Cannot find package \'denque\' imported from /a/ioredis/index.js"',
    ],
    ['throws something else', new TypeError('util is not a function'), '"util is not a function"'],
    ['throws what is no error', 'no', '"no"'],
  ])('says what ioredis threw where it is installed and %s', async (_, cause, got) => {
    const { code, message, cause: kept } = await refusedWith(cause);
    expect([code, kept]).toEqual(['NM_PEER_UNUSABLE', cause]);
    expect(message).toBe(
      `Package ioredis must load when the option redis is given, got ${got}. It is installed: look at the cause.`,
    );
  });
});
