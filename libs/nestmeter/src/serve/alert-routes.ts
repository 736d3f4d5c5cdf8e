import { z } from 'zod';
import { alertsAnswer, changeAnswer } from '../alert/alert-answer.js';
import { channelTestAnswer } from '../alert/channel/channel-answer.js';
import { type Silence, silenceRequest } from '../alert/silence.js';
import { summarise, summaryAnswer } from '../alert/summary.js';
import { time } from '../report/answer-field.js';
import { defineRoute, noQuery, type Route } from './route.js';

const hoursRule = { error: 'a whole number from 1 to 720' };
const hours = z
  .union(
    [
      z.int(hoursRule).min(1, hoursRule).max(720, hoursRule),
      z.string().regex(/^0*([1-9]|[1-9]\d|[1-6]\d\d|7[01]\d|720)$/, hoursRule),
    ],
    hoursRule,
  )
  .default(24)
  .describe('How far to look back, in hours: 1 to 720');
const historyQuery = z.strictObject({ hours });

const silenceAnswer = z.object({
  id: z.string(),
  matchers: z.record(z.string(), z.string()),
  until: time('End'),
  created: time('Start'),
  by: z.string().describe('Who asked for it'),
  why: z.string(),
});
const silencesAnswer = z.object({ silences: z.array(silenceAnswer).describe('Those in force, first to end first') });

const idRule = { error: 'the id of a silence' };
const acknowledgeBody = z.strictObject({ why: z.string().max(500).default('') });

const silenceOf = ({ id, matchers, until, created, by, why }: Silence) => ({ id, matchers, until, created, by, why });

/** Rows of the route table that are about alerts. */
export const alertRoutes: readonly Route[] = [
  defineRoute({
    path: '/alerts',
    summary: 'Which alerts fire, worst first, and what every rule says.',
    query: noQuery,
    answer: alertsAnswer,
    handle: async ({ view }) => ({ kind: 'json', value: await view.alerts.now() }),
  }),
  defineRoute({
    path: '/alerts/history',
    summary: 'What happened to alerts, newest first: at most 30 days and 1000 changes.',
    query: historyQuery,
    answer: z.object({ hours: z.number(), changes: z.array(changeAnswer) }),
    handle: async ({ view }, { query }) => {
      const looked = Number(query.hours);
      return { kind: 'json', value: { hours: looked, changes: await view.alerts.history(looked) } };
    },
  }),
  defineRoute({
    path: '/alerts/summary',
    summary: 'How many alerts fired, by severity and rule, and for how long.',
    query: historyQuery,
    answer: summaryAnswer,
    handle: async ({ view }, { query }) => {
      const looked = Number(query.hours);
      return { kind: 'json', value: summarise(await view.alerts.history(looked), looked) };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/alerts/:id/acknowledge',
    summary: 'Says who takes care of an alert, by its id.',
    access: 'write',
    query: noQuery,
    body: acknowledgeBody,
    answer: z.object({ id: z.string(), acknowledged: z.literal(true), by: z.string() }),
    handle: async ({ view }, { path, body, principal }) => {
      const id = path['id']!;
      await view.alerts.acknowledge(id, principal, body.why);
      return { kind: 'json', value: { id, acknowledged: true, by: principal } };
    },
  }),
  defineRoute({
    path: '/alerts/silences',
    summary: 'Silences in force: alerts of which nobody is notified.',
    query: noQuery,
    answer: silencesAnswer,
    handle: async ({ view }) => ({
      kind: 'json',
      value: { silences: (await view.alerts.silences()).map(silenceOf) },
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/alerts/silences',
    summary: 'Silences alerts until some time; they fire and are shown all the same.',
    access: 'write',
    query: noQuery,
    body: silenceRequest,
    answer: silenceAnswer,
    handle: async ({ view }, { body, principal }) => ({
      kind: 'json',
      value: silenceOf(await view.alerts.silence(body, principal)),
    }),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/alerts/silences',
    summary: 'Ends a silence.',
    access: 'write',
    query: z.strictObject({ id: z.string(idRule).min(1, idRule).max(100, idRule).describe('Which one') }),
    answer: z.object({ id: z.string(), ended: z.literal(true) }),
    handle: async ({ view }, { query }) => {
      await view.alerts.endSilence(query.id);
      return { kind: 'json', value: { id: query.id, ended: true } };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/alerts/channels/:name/test',
    summary: 'Sends a test message to a channel, and answers what came of it.',
    access: 'write',
    query: noQuery,
    answer: channelTestAnswer,
    handle: async ({ view }, { path }) => ({ kind: 'json', value: await view.alerts.testChannel(path['name']!) }),
  }),
];
