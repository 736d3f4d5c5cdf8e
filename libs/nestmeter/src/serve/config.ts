import { z } from 'zod';
import type { ConfigChange } from '../config/posted.js';
import type { LiveConfig } from '../config/live-config.js';
import { defineRoute, noQuery, type Route } from './route.js';

const byKey = z.record(z.string(), z.unknown());

/** What GET /config answers: the options as they are in force, in snake_case, with secrets hidden. */
export const configAnswer = z.object({
  version: z.int().nonnegative().describe('Rises with each change that is posted; 0 before the first'),
  effective: byKey.describe('Options as they are in force'),
  sources: z
    .record(z.string(), z.enum(['default', 'code', 'environment', 'posted']))
    .describe('Where each option comes from, by its name at the top level'),
  posted: byKey.describe('What was posted, as a document that can be posted again'),
  overridden: byKey.describe('What would be in force without it'),
  changeable: z.array(z.string()).describe('What can be posted; the rest is set in code only'),
});

/** See {@link configAnswer}. */
export type ConfigAnswer = z.infer<typeof configAnswer>;

const historyAnswer = z.object({
  version: z.int().nonnegative(),
  changes: z
    .array(
      z.object({
        version: z.int().positive(),
        timestamp: z.number().describe('Unix seconds'),
        by: z.string().describe('Principal of the request; application for changes in code'),
        before: byKey.describe('The changed values as they were in force'),
        after: byKey,
      }),
    )
    .describe('Newest first; the last 50, fewer when they are long'),
});

/** What handlers may do with the configuration. */
export type ConfigChanges = Pick<LiveConfig, 'version' | 'history' | 'update' | 'remove'>;

/** Bodies are judged by the configuration itself, which tells all problems at once. */
const body = z
  .custom<object>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be a JSON object',
  )
  .describe('Names from `changeable` with their values; objects merge by key, lists replace');

/** Routes that show and change the configuration. */
export const configRoutes: readonly Route[] = [
  defineRoute({
    path: '/config',
    summary: 'The options as they are in force, where they come from, and what was posted. Secrets are hidden.',
    query: noQuery,
    answer: configAnswer,
    handle: async ({ view }) => answerOf(view.config()),
  }),
  defineRoute({
    method: 'POST',
    path: '/config',
    summary: 'Changes options on all replicas within 2 s; wholly or not at all. Honours `If-Match` with a version.',
    query: noQuery,
    body,
    answer: configAnswer,
    access: 'write',
    handle: async ({ view }, { body: patch, principal, ifMatch }) => {
      await view.changes.update(patch, { by: principal, ifVersions: versionsOf(ifMatch) });
      return answerOf(view.config());
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/config/:key',
    summary: 'Takes back what was posted for an option, so that its value from code holds again. Honours `If-Match`.',
    query: noQuery,
    answer: configAnswer,
    access: 'write',
    handle: async ({ view }, { path, principal, ifMatch }) => {
      await view.changes.remove(path['key']!, { by: principal, ifVersions: versionsOf(ifMatch) });
      return answerOf(view.config());
    },
  }),
  defineRoute({
    path: '/config/history',
    summary: 'Who changed which options when, with the values before and after.',
    query: noQuery,
    answer: historyAnswer,
    handle: async ({ view: { changes } }) => ({
      kind: 'json',
      value: { version: changes.version, changes: changes.history.map(shownChange) },
    }),
  }),
];

function shownChange({ version, timestamp, by, before, after }: ConfigChange) {
  return { version, timestamp, by, before, after };
}

function answerOf(value: ConfigAnswer) {
  return { kind: 'json', value, etag: `"${value.version}"` } as const;
}

/** Versions that a header `If-Match` names: `"7"`, `7`, several; null for any. What is no version matches none. */
export function versionsOf(ifMatch: string | null): number[] | null {
  if (ifMatch === null || ifMatch.trim() === '*') return null;
  return ifMatch
    .split(',')
    .flatMap((part) => /^\s*(?:W\/)?("?)(\d{1,15})\1\s*$/.exec(part)?.[2] ?? [])
    .map(Number);
}
