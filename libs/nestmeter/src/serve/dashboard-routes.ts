import { posix } from 'node:path';
import { z } from 'zod';
import { notFound } from './refusal.js';
import { defineRoute, noQuery, type Route } from './route.js';

/** Who follows a link may bring parameters that others have added to it. */
const anyQuery = z.looseObject({});

/** Rows of the route table that are the page: it holds no data, so that it can be loaded before anybody has logged in. */
export const dashboardRoutes: readonly Route[] = [
  defineRoute({
    path: '/',
    summary: 'The dashboard. Without the slash at the end the answer is a redirect to the address that has it.',
    query: anyQuery,
    access: 'open',
    forPage: true,
    handle: async ({ assets, view }, { sentPath }) =>
      sentPath === `${view.prefix}/`
        ? { kind: 'document', file: await assets.document() }
        : { kind: 'redirect', location: relativeTo(sentPath, view.prefix) },
  }),
  defineRoute({
    path: '/assets/:name',
    summary: 'What the dashboard loads. A name belongs to its contents for ever.',
    query: noQuery,
    access: 'open',
    forPage: true,
    handle: async ({ assets }, { path }) => {
      const file = await assets.asset(path['name']!);
      if (file === undefined) throw notFound();
      return { kind: 'asset', file };
    },
  }),
];

/**
 * The address of the page, relative to another one of ours and as short as can be: of the parts that both have in common
 * a proxy may have changed any.
 */
function relativeTo(sentPath: string, prefix: string): string {
  return `${posix.relative(sentPath.slice(0, sentPath.lastIndexOf('/')) || '/', prefix) || '.'}/`;
}
