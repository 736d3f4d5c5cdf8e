import { z } from 'zod';
import { alertOptions } from './alert/alert-options.js';
import { budgetProblems, budgetsOption } from './budget/budget.js';
import { invalidOption, type OptionProblem } from './errors.js';
import { problemOf } from './option-problem.js';
import { modelAliasesSchema } from './record/price/model-aliases.js';
import { pricesSchema } from './record/price/user-price.js';
import { type AccessFunction, type AccessOptions, accessOptions } from './serve/access.js';
import type { RedisLocation } from './store/redis-client.js';
import { defaultTiers, tierProblems } from './time-slot.js';

/** Levels of what is logged; each includes those before it. */
export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const;

/** Where the toolkit's few lines go; Nest's `Logger` and `console` fit. */
export interface MonitorLogger {
  error(message: string): void;
  warn(message: string): void;
  log(message: string): void;
  debug?(message: string): void;
}

const fn = <T>(what: string) => z.custom<T>((value) => typeof value === 'function', `must be ${what}`);
const pattern = z.union([z.string().min(1).max(200), z.instanceof(RegExp)]);
const name = z
  .string()
  .min(1)
  .max(100)
  .refine((text) => !text.startsWith('__'), 'must be a name that does not start with __');
const positive = z.number().min(1).max(86_400_000);

/** Every option with its bounds and default; docs/reference/options.md is made from it. */
export const optionsSchema = z.strictObject({
  app: name.optional().describe('Name of the application; replicas of one app share numbers. Required with redis.'),
  enabled: z
    .boolean()
    .default(true)
    .describe('False: no measurement, no route, no cost. Environment: NESTMETER_ENABLED.'),
  redis: z
    .custom<RedisLocation>(
      (value) =>
        typeof value === 'string' || typeof value === 'function' || (typeof value === 'object' && value !== null),
    )
    .optional()
    .describe(
      'Address, ioredis options, a client whose settings are copied, or a function that makes one. None: memory.',
    ),
  persistence: z
    .strictObject({
      file: z.string().min(1).max(4096).describe('Its name; one that ends in .json is written as JSON.'),
      intervalSeconds: z.number().min(1).max(86_400).default(60).describe('Seconds between writes.'),
    })
    .optional()
    .describe(
      'File in which the memory store keeps numbers over restarts; not with redis. Environment: NESTMETER_PERSISTENCE, its name.',
    ),
  replicaName: name
    .optional()
    .describe('Name of this replica in answers. Environment: NESTMETER_REPLICA_NAME. Default host:pid.'),
  publishIntervalMs: z.int().min(200).max(60_000).default(1000).describe('Milliseconds between publishes.'),
  sampleIntervalMs: z
    .int()
    .min(1000)
    .max(60_000)
    .default(5000)
    .describe('Milliseconds between samples of the process.'),
  shutdownTimeoutMs: z.int().min(0).max(60_000).default(3000).describe('Milliseconds that the last publish may take.'),
  tiers: z
    .array(z.strictObject({ slotSeconds: z.number(), retentionSeconds: z.number() }))
    .default([...defaultTiers])
    .describe('Slot lengths with their retention, finest first; they nest and divide the UTC day.'),
  prefix: z
    .string()
    .regex(/^(\/[A-Za-z0-9._~-]+)+$/, 'must be a path such as /performance')
    .default('/performance')
    .describe('Where the routes are.'),
  aliases: z
    .record(z.string().regex(/^\//, 'must begin with /'), z.string().regex(/^\//, 'must begin with /'))
    .default({})
    .describe('Further addresses of single routes: full path to path below the prefix, such as /metrics to /metrics.'),
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
      port: z.int().min(0).max(65_535).describe('Port; 0 takes a free one.'),
    })
    .optional()
    .describe("A port of their own for the routes, which the application's port then does not serve."),
  access: accessOptions.optional().describe('Who may look. None: loopback only, in development and test.'),
  dashboard: z.boolean().default(true).describe('Whether the page is served at the prefix.'),
  sessionHours: z
    .number()
    .min(0.1)
    .max(720)
    .default(12)
    .describe('Hours after which somebody who logged in to the page with a token must do so again.'),
  cors: z
    .strictObject({ origins: z.array(z.url()).max(100) })
    .optional()
    .describe('Origins that browsers may ask from.'),
  prices: pricesSchema.optional().describe('USD per million tokens; wins over every other source.'),
  genaiPrices: z
    .boolean()
    .default(true)
    .describe('Whether rates come from @pydantic/genai-prices where it is installed.'),
  modelAliases: modelAliasesSchema
    .default({})
    .describe(
      "Names that are priced as another model, by provider: `{ 'azure.ai.openai': { 'chat-prod': 'gpt-4o' } }`. Labels keep the name; at most 1,000.",
    ),
  tokenizer: fn<(text: string, model: string) => number>('a function of a text and a model')
    .optional()
    .describe('Counts the tokens of a text for estimateCost. Default: a rough estimate.'),
  providerHosts: z
    .array(
      z.string().regex(/^(\*\.)?[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:\d{1,5})?$/, 'must be a host such as llm.example.com'),
    )
    .max(100)
    .default([])
    .describe(
      'Hosts of LLM providers beside the known ones, such as that of a gateway: `llm.example.com`, `*.example.com`, `localhost:4000`. Requests to them outside of tracked calls are listed in /health.',
    ),
  tags: z
    .array(z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{0,49}$/, 'must be a letter, then letters, digits or _'))
    .max(10)
    .default([])
    .describe('Names of tags that become dimensions of usage.'),
  apdexMs: z
    .union([positive, z.record(z.string(), positive)])
    .default(500)
    .describe('Milliseconds of a satisfying answer: for all, or by "POST /chat" with "default".'),
  success: fn<(status: number) => boolean>('a function of the status')
    .optional()
    .describe('Which statuses are successes. Default: below 400.'),
  exclude: z
    .array(pattern)
    .max(100)
    .default([])
    .describe('Paths that are not timed: text with * or regular expressions.'),
  excludeHealthProbes: z
    .boolean()
    .default(true)
    .describe('Whether /health*, /livez, /readyz and kube-probe are left out.'),
  filter: fn<(series: { family: string; labels: Readonly<Record<string, string>> }) => boolean>('a function')
    .optional()
    .describe('False leaves a series out. Asked when a series is first seen, and now and then for those left out.'),
  dailyTokenLimit: z.int().min(1).nullable().default(1_000_000).describe('Tokens per UTC day; null for no limit.'),
  operationThresholdsMs: z
    .record(z.string(), positive)
    .default({ qa_response: 3000, vector_search: 500, llm_inference: 2000, embedding_generation: 1000 })
    .describe('Milliseconds above which an operation or component counts as slow.'),
  alerts: alertOptions.prefault({}).describe('Rules that watch the numbers of all replicas; see the guide of alerts.'),
  budgets: budgetsOption
    .default([])
    .describe('Limits of what LLM calls may cost or use per period, at most 50; see the guide of budgets.'),
  dashboardUrl: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .optional()
    .describe('Where people see the dashboard; messages about alerts link to it.'),
  seriesPerFamily: z
    .int()
    .min(10)
    .max(10_000)
    .default(1000)
    .describe('Series of a family that this replica tells apart.'),
  maxMemoryMb: z
    .number()
    .min(1)
    .max(4096)
    .default(64)
    .describe('MiB of the memory store; past it the oldest slots go.'),
  outboxMb: z.number().min(1).max(1024).default(32).describe('MiB of closed slots that wait for an unreachable store.'),
  cacheMb: z.number().min(1).max(1024).default(32).describe('MiB of slots and their sums kept between reads.'),
  liveClients: z.int().min(1).max(10_000).default(50).describe('Open /live streams of this replica.'),
  bodyBytes: z.int().min(1024).max(1_048_576).default(65_536).describe('Bytes of a request body to the routes.'),
  rateLimits: z
    .strictObject({
      readsPerMinute: z.int().min(1).max(1_000_000).default(600),
      failedLoginsPerMinute: z.int().min(1).max(10_000).default(10),
    })
    .default({ readsPerMinute: 600, failedLoginsPerMinute: 10 })
    .describe('Requests per minute: reads by principal and address, failed log-ins by address.'),
  prometheus: z
    .strictObject({
      registry: z.custom<import('prom-client').Registry>((value) => typeof value === 'object').optional(),
      le: z.record(z.string(), z.array(z.number().min(0)).min(1).max(100)).default({}),
    })
    .default({ le: {} })
    .describe(
      'Registry to add to, and `le` bounds by OpenTelemetry name in the base unit instead of the advised ones.',
    ),
  semconv: z
    .enum(['released', 'latest'])
    .default('released')
    .describe(
      'OpenTelemetry names of GenAI metrics and span attributes: those of the last release (1.41), or those that replace them.',
    ),
  errors: z
    .strictObject({ messages: z.boolean().default(false) })
    .default({ messages: false })
    .describe(
      'messages: keep the last error message of each provider and category, scrubbed, 200 characters. Never a label.',
    ),
  tracing: z
    .boolean()
    .default(false)
    .describe('Whether tracked calls make OpenTelemetry spans; needs the package @opentelemetry/api.'),
  logger: z
    .custom<MonitorLogger>((value) => typeof value === 'object' && value !== null)
    .optional()
    .describe("Where lines go: `console`, Nest's Logger, or anything with error, warn and log. Default console."),
  logLevel: z.enum(logLevels).default('warn').describe('What is logged. Environment: NESTMETER_LOG.'),
});

/** What `PerformanceModule.forRoot` and `createMonitor` take. */
export type MonitorOptions = Omit<z.input<typeof optionsSchema>, 'access'> & {
  readonly access?: AccessOptions | AccessFunction | undefined;
};

/** Options after validation, with defaults; frozen. */
export type EffectiveOptions = Readonly<z.output<typeof optionsSchema>>;

/**
 * Checks options once, at the start, and fills in the environment and defaults. Throws NM_OPTION_INVALID that lists all
 * problems at once.
 */
export function readOptions(
  given: MonitorOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
): EffectiveOptions {
  const parsed = optionsSchema.safeParse({ ...fromEnvironment(environment), ...defined(given) });
  if (!parsed.success) throw invalidOption(parsed.error.issues.map((issue) => problemOf(issue, given)));
  const options = parsed.data;
  const problems: OptionProblem[] = tierProblems(options.tiers).map((rule) => ({
    path: rule.slice(0, rule.indexOf(' ')),
    rule: rule.slice(rule.indexOf('must be ') + 'must be '.length),
    got: options.tiers,
  }));
  if (options.redis !== undefined && options.app === undefined)
    problems.push({ path: 'app', rule: 'given when redis is: replicas of one app share numbers', got: undefined });
  if (options.redis !== undefined && options.persistence !== undefined)
    problems.push({ path: 'persistence', rule: 'left out when redis is given: Redis keeps the numbers', got: options.persistence.file }); // prettier-ignore
  // Periods are told by the tiers: where those are wrong, nothing can be said of them.
  if (problems.length === 0) problems.push(...budgetProblems(options.budgets, options));
  if (problems.length > 0) throw invalidOption(problems);
  return Object.freeze(options);
}

/** Where an option's value comes from. */
export function sourceOf(
  option: string,
  given: MonitorOptions,
  environment: NodeJS.ProcessEnv = process.env,
): 'code' | 'environment' | 'default' {
  if (defined(given)[option] !== undefined) return 'code';
  return option in fromEnvironment(environment) ? 'environment' : 'default';
}

function fromEnvironment(environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const { NESTMETER_ENABLED, NESTMETER_PERSISTENCE, NESTMETER_REPLICA_NAME, NESTMETER_LOG } = environment;
  return defined({
    enabled: NESTMETER_ENABLED ? !['false', '0', 'off', 'no'].includes(NESTMETER_ENABLED.toLowerCase()) : undefined,
    persistence: NESTMETER_PERSISTENCE ? { file: NESTMETER_PERSISTENCE } : undefined,
    replicaName: NESTMETER_REPLICA_NAME,
    logLevel: NESTMETER_LOG,
  });
}

function defined(record: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined && value !== ''));
}
