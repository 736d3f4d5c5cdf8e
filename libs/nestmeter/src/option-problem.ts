import type { z } from 'zod';
import type { OptionProblem } from './errors.js';

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const unitWords: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' };

/** Options whose values may hold secrets: what was given is never shown. */
const secret = new Set<PropertyKey>(['access', 'redis', 'logger']);

/** Says in our words what a schema found wrong with the options. @param given the options as they were given */
export function problemOf(found: z.core.$ZodIssue, given: unknown): OptionProblem {
  const issue = innermost(found);
  if (issue.code === 'unrecognized_keys') {
    const path = [...issue.path, issue.keys[0]].join('.');
    return { path, rule: 'left out, since there is no such option', got: '(given)' };
  }
  return { path: issue.path.join('.') || 'options', rule: ruleOf(issue), got: gotOf(issue.path, given) };
}

/** Of alternatives the one that fits best: where the mistake lies deepest. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union' || secret.has(issue.path[0]!)) return issue;
  const [deepest] = issue.errors.flat().sort((a, b) => b.path.length - a.path.length);
  return deepest === undefined || deepest.path.length === 0
    ? issue
    : innermost({ ...deepest, path: [...issue.path, ...deepest.path] });
}

function gotOf(path: readonly PropertyKey[], given: unknown): unknown {
  // Where a reference to a secret belongs, the secret itself may stand by mistake.
  if (secret.has(path[0]!) || (path[0] === 'alerts' && path[1] === 'channels')) return '(hidden)';
  let got = given;
  for (const key of path) got = (got as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return got;
}

function ruleOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeWords[issue.expected] ?? `a ${issue.expected}`;
    case 'too_small':
      return `at least ${issue.minimum}${unitWords[issue.origin] ?? ''}`;
    case 'too_big':
      return `at most ${issue.maximum}${unitWords[issue.origin] ?? ''}`;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      // Of alternatives that are told apart by a field, none has its value.
      return 'options' in issue && Array.isArray(issue.options)
        ? `one of ${issue.options.join(', ')}`
        : ownRuleOf(issue);
    default:
      return ownRuleOf(issue);
  }
}

function ownRuleOf({ message }: z.core.$ZodIssue): string {
  return /^must be (.+)$/.exec(message)?.[1] ?? 'what the reference of options allows';
}
