import type { Recorder } from './recorder.js';
import { currentScope, type Scope } from './scope.js';

/** Values of declared tags, by tag. */
export type Tags = Readonly<Record<string, string>>;

/** Tags of something inside a scope: its own win over those of what is around it. */
export function tagsInside(parent: Scope | null, own: Tags | null): Tags | null {
  const around = parent?.tags ?? null;
  return own === null || around === null ? (own ?? around) : { ...around, ...own };
}

/**
 * Tags the request under way, or outside of one the outermost tracked call: LLM calls of it that end from now on get
 * them. Tags of narrower scopes win. Only declared tags count; outside of any scope it is refused and counted.
 */
export function tagCurrent(recorder: Recorder, given: Readonly<Record<string, unknown>>): void {
  let scope = currentScope();
  if (scope?.recorder !== recorder) return recorder.refusals.refuse('tag', 'inside a request or a tracked call');
  while (scope.parent !== null) scope = scope.parent;
  const tags = recorder.tagsOf(given);
  if (tags !== null) scope.tag(tags);
}
