import type { z } from 'zod';
import { NestmeterError } from '../errors.js';
import { headerOf } from './remote-address.js';
import type { RouteRequest } from './route.js';

/** The body of a request as the schema of its route wants it. Throws NM_BODY_INVALID naming what is wrong. */
export async function readBody<Body>(schema: z.ZodType<Body>, request: RouteRequest, mostBytes: number): Promise<Body> {
  const type = headerOf(request.headers, 'content-type');
  // Forms of other pages cannot send this type without asking first.
  if (!/^application\/json\s*(;|$)/i.test(type ?? '')) throw invalidBody('of type application/json', 'another type');
  const text = await request.body(mostBytes);
  if (text === null) throw invalidBody(`at most ${mostBytes} bytes`, 'more');
  const result = schema.safeParse(parsed(text));
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.map(String).join('.');
  throw invalidBody('as the route takes it', field === '' ? issue.message : `${field}: ${issue.message}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidBody('JSON', 'something else');
  }
}

function invalidBody(rule: string, got: string): NestmeterError {
  return new NestmeterError({
    code: 'NM_BODY_INVALID',
    message: `The body must be ${rule}, got ${got}. Correct the body.`,
  });
}
