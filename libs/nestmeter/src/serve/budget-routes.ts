import { budgetsAnswer, overridesAnswer } from '../budget/budget-answer.js';
import { overrideRequest } from '../budget/override.js';
import { defineRoute, noQuery, type Route } from './route.js';

/** Rows of the route table that are about budgets. */
export const budgetRoutes: readonly Route[] = [
  defineRoute({
    path: '/budgets',
    summary: 'What is used of each budget, where its period is heading, and which overrides are in force.',
    query: noQuery,
    answer: budgetsAnswer,
    handle: async ({ view }) => ({ kind: 'json', value: await view.budgets.now() }),
  }),
  defineRoute({
    method: 'POST',
    path: '/budgets/:name/override',
    summary: 'Gives a budget another limit until some time, on all replicas within 2 s.',
    access: 'write',
    query: noQuery,
    body: overrideRequest,
    answer: overridesAnswer,
    handle: async ({ view }, { path, body, principal }) => {
      const name = path['name']!;
      return { kind: 'json', value: { name, override: await view.budgets.override(name, body, principal) } };
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/budgets/:name/override',
    summary: 'Ends the override of a budget, so that its limit from code holds again.',
    access: 'write',
    query: noQuery,
    answer: overridesAnswer,
    handle: async ({ view }, { path, principal }) => {
      const name = path['name']!;
      await view.budgets.endOverride(name, principal);
      return { kind: 'json', value: { name, override: null } };
    },
  }),
];
