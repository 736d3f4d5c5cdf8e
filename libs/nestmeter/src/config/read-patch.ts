import type { z } from 'zod';
import { NestmeterError, type OptionProblem, shown } from '../errors.js';
import { type AlertThreshold, postedThreshold, thresholdIdentity } from './alert-threshold.js';
import { camelCase, type Changeable, changeable, partOf, snakeCase } from './changeable.js';
import { type Path, placeOf } from './posted.js';

/** What the options allow, as the monitor knows it. */
export interface OptionRules {
  /** By names in code. */
  readonly schemas: Readonly<Record<string, z.ZodType>>;
  /** Says in words what a schema found wrong. @param given what the schema was given */
  readonly problemOf: (issue: z.core.$ZodIssue, given: unknown) => OptionProblem;
  /** Completes "must be" for a threshold that no rule can be made of; null for one that can be used. */
  readonly thresholdRule?: (threshold: AlertThreshold) => string | null;
}

/** Values by place; undefined takes back. */
export type Values = readonly (readonly [Path, unknown])[];

/** Thresholds in one change. */
const mostThresholds = 200;
const entryName = /^(?!__)[^]{1,191}$/;

/**
 * Reads a change of the configuration: a document in snake_case whose objects merge by key and whose lists replace; null
 * in place of an entry takes it back. Throws NM_CONFIG_INVALID with all problems at once.
 */
export function readPatch(patch: unknown, rules: OptionRules): Values {
  const document = plainJson(patch);
  if (!isObject(document)) throw invalidConfig([{ path: 'configuration', rule: 'a JSON object', got: patch }]);
  const problems: OptionProblem[] = [];
  const values = new Map<string, readonly [Path, unknown]>();
  for (const [key, value] of Object.entries(document)) {
    const row = changeable.get(key);
    if (row === undefined) problems.push(unchangeable(key, rules));
    else for (const [path, posted] of readers[row.by](key, value, row, { ...rules, problems })) values.set(placeOf(path), [path, posted]); // prettier-ignore
  }
  if (problems.length > 0) throw invalidConfig(problems);
  return [...values.values()];
}

/** The error for a change that cannot be made. @param problems at least one */
export function invalidConfig(problems: readonly OptionProblem[]): NestmeterError {
  const lines = problems.slice(0, 50).map(({ path, rule, got }) => `${shownName(path)} must be ${rule}, got ${shown(got)}.`); // prettier-ignore
  const message =
    lines.length === 1
      ? `${lines[0]} Nothing was changed.`
      : `${problems.length} fields are wrong; nothing was changed. Correct them:\n${lines.map((line) => `- ${line}`).join('\n')}`;
  return new NestmeterError({ code: 'NM_CONFIG_INVALID', message });
}

/** What is wrong with asking for a key that cannot be changed. */
export function unchangeable(key: string, { schemas }: Pick<OptionRules, 'schemas'>): OptionProblem {
  const isOption = Object.hasOwn(schemas, camelCase(key)) && key === snakeCase(camelCase(key));
  const rule = isOption ? 'left out, since it can be set in code only' : `one of ${[...changeable.keys()].join(', ')}`;
  // What was given may be a secret.
  return { path: key, rule, got: isOption ? '(given)' : 'another name' };
}

/** What is wrong with a value for a place, as the options have it; nothing when it fits. */
export function valueProblems([key, entry]: Path, value: unknown, rules: OptionRules): readonly OptionProblem[] {
  const row = changeable.get(key);
  if (row === undefined) return [unchangeable(key, rules)];
  if (row.by === 'name' && !entryName.test(entry ?? ''))
    return [{ path: key, rule: 'an object with names of 1 to 191 characters that do not start with __', got: entry }];
  if (row.option === null) return read(postedThreshold, value, key, rules).problems;
  const name = partOf(row, entry);
  const given = name === undefined ? value : { [name]: value };
  const { problems } = read(rules.schemas[row.option]!, given, row.option, rules);
  return problems.map(({ path, ...problem }) => {
    // The field of a group has a key of its own.
    const rest = path.slice((row.field === undefined ? row.option! : `${row.option}.${row.field}`).length);
    return { ...problem, path: `${key}${row.by === 'field' ? rest.split('.').map(snakeCase).join('.') : rest}` };
  });
}

type Reader = (
  key: string,
  value: unknown,
  row: Changeable,
  to: OptionRules & { readonly problems: OptionProblem[] },
) => Iterable<readonly [Path, unknown]>;

const readers: Readonly<Record<Changeable['by'], Reader>> = {
  *value(key, value, _, to) {
    to.problems.push(...valueProblems([key], value, to));
    yield [[key], value];
  },
  *name(key, value, { option }, to) {
    // One number for all stands for its entry `default`.
    const entries = option === 'apdexMs' && typeof value === 'number' ? { default: value } : value;
    if (!isObject(entries)) to.problems.push({ path: key, rule: 'an object', got: value });
    else
      for (const [name, posted] of Object.entries(entries)) {
        // A name that cannot be used is wrong in taking back too.
        const isJudged = posted !== null || !entryName.test(name);
        if (isJudged) to.problems.push(...valueProblems([key, name], posted, to));
        yield [[key, name], posted ?? undefined];
      }
  },
  *field(key, value, _, to) {
    if (!isObject(value)) to.problems.push({ path: key, rule: 'an object', got: value });
    else
      for (const [name, posted] of Object.entries(value)) {
        if (name !== snakeCase(camelCase(name)))
          to.problems.push({ path: `${key}.${name}`, rule: `spelled ${snakeCase(name)}`, got: name });
        // Taking back a field that does not exist is wrong too.
        else to.problems.push(...valueProblems([key, name], posted ?? 1, to));
        yield [[key, name], posted ?? undefined];
      }
  },
  *threshold(key, value, _, to) {
    if (!Array.isArray(value) || value.length > mostThresholds) {
      to.problems.push({ path: key, rule: `a list of at most ${mostThresholds} thresholds`, got: value });
      return;
    }
    for (const [index, given] of value.entries()) {
      const { data, problems } = read(postedThreshold, given, `${key}.${index}`, to);
      to.problems.push(...problems);
      if (data === null) continue;
      const path = [key, thresholdIdentity(data)] as const;
      if (data.threshold === null) yield [path, undefined];
      else {
        const threshold = { ...data, threshold: data.threshold };
        const rule = to.thresholdRule?.(threshold) ?? null;
        if (rule !== null) to.problems.push({ path: `${key}.${index}`, rule, got: given });
        yield [path, threshold];
      }
    }
  },
};

function read<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  name: string,
  { problemOf }: OptionRules,
): { readonly data: Output | null; readonly problems: readonly OptionProblem[] } {
  const { success, data, error } = schema.safeParse(value);
  if (success) return { data, problems: [] };
  const given = { [name]: value };
  return {
    data: null,
    problems: error.issues.map((issue) => problemOf({ ...issue, path: [name, ...issue.path] }, given)),
  };
}

/** What JSON makes of a value: what comes from code is then of the same kind as what comes over HTTP. */
function plainJson(value: unknown): unknown {
  try {
    const text = JSON.stringify(value, (_, part: unknown) => {
      if (typeof part === 'number' && !Number.isFinite(part)) throw new RangeError('not a finite number');
      return part;
    });
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shownName(path: string): string {
  return path.length <= 100 ? path : `${path.slice(0, 100)}…`;
}
