import { z } from 'zod';
import { time } from '../report/answer-field.js';
import { defineRoute, noQuery, type Route } from './route.js';
import { setSessionCookie } from './session.js';

const tokenRule = { error: 'a token of at most 512 characters' };
const level = z.enum(['read', 'write']).describe('The most that the caller may do');
const principal = z.string().describe('Who the caller is, as the record of changes names him');
const sessionEnds = time('End of the session').nullable().describe('Null for other credentials than the cookie');

/** What GET /session answers. */
export const sessionAnswer = z.object({
  app: z.string(),
  version: z.string().describe('Of nestmeter'),
  principal,
  level,
  session_ends: sessionEnds,
});

/** See {@link sessionAnswer}. */
export type SessionAnswer = z.infer<typeof sessionAnswer>;

/** Rows of the route table with which the page logs in and out, and learns who looks at it. */
export const sessionRoutes: readonly Route[] = [
  defineRoute({
    method: 'POST',
    path: '/login',
    summary: 'Takes a token of `access` and sets a cookie that stands for it until the session ends.',
    access: 'open',
    forPage: true,
    query: noQuery,
    body: z.strictObject({ token: z.string(tokenRule).min(1, tokenRule).max(512, tokenRule) }),
    answer: z.object({ principal, level, session_ends: sessionEnds }),
    handle: async ({ admission, view }, { body, caller }) => {
      const { session, untilMs, ...who } = admission.logIn(body.token, caller);
      const cookie = setSessionCookie(session, view.sessionHours * 3600, caller.isSecure);
      return { kind: 'json', value: { ...who, session_ends: untilMs / 1000 }, cookie };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/logout',
    summary: 'Takes the cookie back.',
    access: 'open',
    forPage: true,
    query: noQuery,
    answer: z.object({ logged_out: z.literal(true) }),
    handle: async (_context, { caller }) => ({
      kind: 'json',
      value: { logged_out: true },
      cookie: setSessionCookie('', 0, caller.isSecure),
    }),
  }),
  defineRoute({
    path: '/session',
    summary: 'Who looks and what he may do.',
    query: noQuery,
    forPage: true,
    answer: sessionAnswer,
    handle: async ({ view }, { caller }) => ({
      kind: 'json',
      value: {
        app: view.app,
        version: view.version,
        principal: caller.principal,
        level: caller.level,
        session_ends: caller.untilMs === null ? null : caller.untilMs / 1000,
      },
    }),
  }),
];
