import { bodiesOf, isBag, peek } from '../llm-error-body.js';
import { isObject, ownObject, ownValue } from '../answer/own-value.js';
import { boundedWait, durationSeconds } from './told-time.js';

/*
 * What answers and errors themselves tell of their attempts, for requests that cannot be seen: Bedrock's go over HTTP/2,
 * and an application may give an SDK a `fetch` of its own.
 */

/** Errors are followed through `lastError` and `cause` this far. */
const maxDepth = 5;
/** No SDK tries as often. */
const mostAttempts = 1000;

/** Attempts that an answer of the AWS SDK tells; null for all others. */
export function attemptsOfAnswer(answer: unknown): number | null {
  if (!isObject(answer)) return null;
  const metadata = ownObject(answer, '$metadata');
  return metadata === undefined ? null : attemptsOrNull(ownValue(metadata, 'attempts'));
}

/** Attempts that an error of the AWS SDK tells; null for all others. Never throws. */
export function attemptsOfError(error: unknown): number | null {
  return firstTold(error, (link) => {
    const metadata = peek(link, '$metadata');
    return isBag(metadata) ? attemptsOrNull(peek(metadata, 'attempts')) : null;
  });
}

/** Attempts that Vercel `ai` made of the step that failed; null for all other errors. Never throws. */
export function attemptsOfRetryError(error: unknown): number | null {
  return firstTold(error, (link) => {
    const errors = peek(link, 'name') === 'AI_RetryError' ? peek(link, 'errors') : undefined;
    return Array.isArray(errors) ? attemptsOrNull(errors.length) : null;
  });
}

/** Seconds to wait that the body of Gemini's errors tells (`google.rpc.RetryInfo`); null for all others. Never throws. */
export function retryDelayOfError(error: unknown): number | null {
  return firstTold(error, (link) => {
    for (const body of bodiesOf(link)) {
      const delay = peek(body, 'retryDelay');
      const seconds = typeof delay === 'string' ? boundedWait(durationSeconds(delay)) : null;
      if (seconds !== null) return seconds;
    }
    return null;
  });
}

/** What the error tells, or what is inside it. */
function firstTold(error: unknown, pick: (link: object) => number | null): number | null {
  let link = error;
  for (let depth = 0; depth <= maxDepth && isBag(link); depth++) {
    const told = pick(link);
    if (told !== null) return told;
    link = peek(link, 'lastError') ?? peek(link, 'cause');
  }
  return null;
}

function attemptsOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= mostAttempts ? value : null;
}
