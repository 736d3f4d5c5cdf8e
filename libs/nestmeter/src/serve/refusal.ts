import { type ErrorCode, NestmeterError } from '../errors.js';

/** Thrown to answer a request with a status of its code instead of what it asked for. */
export class Refusal extends NestmeterError {
  constructor(
    code: ErrorCode,
    message: string,
    /** Headers of the answer. */
    readonly headers: Readonly<Record<string, string>> = {},
    /** Fields of the answer beside code and message. */
    readonly details: Readonly<Record<string, string>> = {},
  ) {
    super({ code, message });
  }
}

/** The same words for what does not exist and for what must not show. */
export function notFound(): Refusal {
  const message = 'The address must be one of the routes, got another. Check it; outside development set `access`.';
  return new Refusal('NM_NOT_FOUND', message);
}

/** Asked too often. @param seconds after which to come back */
export function tooMany(seconds: number): Refusal {
  const message = `Requests must stay below the limit, got more. Try again in ${seconds} s.`;
  return new Refusal('NM_RATE_LIMITED', message, { 'retry-after': String(seconds) });
}
