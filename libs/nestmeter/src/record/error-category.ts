import { classifyLLMError } from './llm-error.js';

/** Categories of failed endpoint requests that no LLM call caused. */
export type RequestErrorCategory =
  'client_error' | 'validation' | 'unauthorized' | 'not_found' | 'server_error' | 'timeout' | 'aborted';

/** The category that a status says; for statuses from 400 on. */
export function categoryOfStatus(status: number): RequestErrorCategory {
  if (status === 400 || status === 422) return 'validation';
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404 || status === 410) return 'not_found';
  if (status === 408 || status === 504) return 'timeout';
  return status < 500 ? 'client_error' : 'server_error';
}

/** The category of whatever a tracked call threw: that of the LLM call that caused it, of its HTTP status, else `application`. */
export function categoryOfError(error: unknown): string {
  const { category } = classifyLLMError(error);
  if (category !== 'application') return category;
  const status = statusOf(error);
  return status === null ? 'application' : categoryOfStatus(status);
}

function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null;
  try {
    const { getStatus, status, statusCode } = error as Record<string, unknown>;
    const found = typeof getStatus === 'function' ? (getStatus.call(error) as unknown) : (status ?? statusCode);
    return typeof found === 'number' && found >= 400 && found < 600 ? found : null;
  } catch {
    return null;
  }
}
