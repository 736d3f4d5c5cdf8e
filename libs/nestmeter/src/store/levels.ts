/**
 * Names of the levels that a beat carries, such as `active_calls/openai/gpt-4o`: a kind and what it is of, each
 * percent-encoded, since they come from outside.
 */
export type LevelKind =
  /** HTTP requests being handled. */
  | 'active_requests'
  /** LLM calls under way, of a provider and model. */
  | 'active_calls'
  /** Milliseconds since the oldest LLM call under way began, of a provider and model. */
  | 'oldest_call_ms'
  /** Depth of a queue whose depths add up. */
  | 'queue'
  /** Depth of a queue that all replicas share. */
  | 'shared_queue'
  /** Level of the process: `heap_used`, `rss`, `memory_pressure`, `cpu` … */
  | 'process';

/** At most so many levels travel in a beat. */
export const mostLevels = 100;

/** The name under which a level travels. */
export function levelName(kind: LevelKind, ...of: readonly string[]): string {
  // A lone surrogate would make encodeURIComponent throw.
  return [kind, ...of.map((part) => encodeURIComponent(part.toWellFormed()))].join('/');
}

/** What a name made by {@link levelName} was made of; any other name, of a broken beat perhaps, is its own kind. */
export function levelParts(name: string): { readonly kind: string; readonly of: readonly string[] } {
  try {
    const [kind, ...of] = name.split('/').map(decodeURIComponent);
    return { kind: kind!, of };
  } catch {
    return { kind: name, of: [] };
  }
}
