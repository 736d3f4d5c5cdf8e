import type { z } from 'zod';
import type { AlertsAnswer, changeAnswer } from '../../../nestmeter/src/alert/alert-answer.js';
import type { ChannelHealth, ChannelTest } from '../../../nestmeter/src/alert/channel/channel-answer.js';
import type { Silence } from '../../../nestmeter/src/alert/silence.js';
import type { summaryAnswer } from '../../../nestmeter/src/alert/summary.js';
import type { BudgetAnswer, BudgetsAnswer } from '../../../nestmeter/src/budget/budget-answer.js';
import type { AllReports } from '../../../nestmeter/src/report/all-reports.js';
import type { ConfigAnswer } from '../../../nestmeter/src/serve/config.js';
import type { HealthAnswer } from '../../../nestmeter/src/serve/health.js';
import type { SessionAnswer } from '../../../nestmeter/src/serve/session-routes.js';

/*
 * What the routes answer, by the schemas that the library answers with: a field that is renamed there is an error of the
 * type check here. Only types cross this border.
 */

type AnswerOf<Report> = Report extends { make(...given: never[]): Promise<infer Answer> } ? Answer : never;

/** What each route that the page reads answers. */
export interface Answers {
  readonly 'real-time': AnswerOf<AllReports['realTime']>;
  readonly providers: AnswerOf<AllReports['providers']>;
  readonly endpoints: AnswerOf<AllReports['endpoints']>;
  readonly operations: AnswerOf<AllReports['operations']>;
  readonly stages: AnswerOf<AllReports['stages']>;
  readonly usage: AnswerOf<AllReports['usage']>;
  readonly cache: AnswerOf<AllReports['cache']>;
  readonly queues: AnswerOf<AllReports['queues']>;
  readonly memory: AnswerOf<AllReports['memory']>;
  readonly alerts: AlertsAnswer;
  readonly 'alerts/history': { readonly hours: number; readonly changes: readonly AlertChange[] };
  readonly 'alerts/summary': z.output<typeof summaryAnswer>;
  readonly 'alerts/silences': { readonly silences: readonly Silence[] };
  readonly config: ConfigAnswer;
  readonly 'config/history': ConfigHistory;
  readonly health: HealthAnswer;
  readonly budgets: BudgetsAnswer;
  readonly session: SessionAnswer;
}

/** A route below the prefix. */
export type RouteName = keyof Answers;

/** What every answer about a window carries. */
export type WindowHead = Pick<
  Answers['endpoints'],
  'timestamp' | 'window' | 'replicas' | 'replicas_live' | 'complete' | 'gaps'
>;

/** An alert that fires or is about to. */
export type Alert = AlertsAnswer['active'][number];

/** A rule of alerts as it is evaluated. */
export type Rule = AlertsAnswer['rules'][number];

/** A way for notifications, and how it fares. */
export type Channel = ChannelHealth;
export type { ChannelTest };

/** A limit for some calls in some period, and what is used of it. */
export type Budget = BudgetAnswer;

/** Something that happened to an alert. */
export type AlertChange = z.output<typeof changeAnswer>;

/** Who changed the configuration. */
interface ConfigHistory {
  readonly version: number;
  readonly changes: readonly {
    readonly version: number;
    readonly timestamp: number;
    readonly by: string;
    readonly before: Readonly<Record<string, unknown>>;
    readonly after: Readonly<Record<string, unknown>>;
  }[];
}

/** A provider, an endpoint, an operation as answered. */
export type Provider = Answers['providers']['providers'][string];
export type Model = Provider['model_stats'][string];
export type Endpoint = Answers['endpoints']['endpoints'][string];
export type Operation = Answers['operations']['operations'][string];
export type Stage = Answers['stages']['stages'][string];
export type Usage = Answers['usage']['summary'];
