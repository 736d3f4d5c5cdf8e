import { z } from 'zod';

/** What the environment decides about the demo, read once at start. */
export interface Settings {
  /** Port to listen on; 0 takes a free one. */
  readonly port: number;
  /** Address to listen on. Loopback by default: the chat route asks nobody who they are. */
  readonly host: string;
  /** Redis to share the numbers through; null keeps them in the memory of this process. */
  readonly redisUrl: string | null;
  /** Whether the traffic generator runs. Off by default where a real provider would be paid for it. */
  readonly traffic: boolean;
  /** Mean requests per second of the traffic generator, in each replica. */
  readonly rate: number;
  /** Share (0–1) of simulated provider calls that meet a fault at their first attempt. */
  readonly errorShare: number;
  /** Seed of everything that the simulator and the traffic generator draw. */
  readonly seed: number;
  /** Key for the real OpenAI API; null points the SDK at the simulator. */
  readonly openaiApiKey: string | null;
  /** Key for the real Anthropic API; null points the SDK at the simulator. */
  readonly anthropicApiKey: string | null;
  /** Token that may look at the numbers from other machines; null lets this machine alone look. */
  readonly readToken: string | null;
  /** Token that may also change things; null with {@link readToken} lets nobody. */
  readonly writeToken: string | null;
}

/** Injection token of the settings. */
export const SETTINGS = Symbol('demo settings');

/** Settings that cannot be used; the message has one line for each bad value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const MAX_SEED = 2 ** 32 - 1;
const SECRETS = ['REDIS_URL', 'OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'READ_TOKEN', 'WRITE_TOKEN'];

const number = (lowest: number, highest: number): z.ZodPipe<z.ZodCoercedNumber<string>, z.ZodNumber> =>
  z.coerce.number<string>().pipe(z.number().min(lowest).max(highest));

/** Each variable with the rule that an error message states. */
const environment = z.object({
  PORT: number(0, 65_535).refine(Number.isInteger).default(3000).describe('an integer from 0 to 65535'),
  HOST: z.string().default('127.0.0.1').describe('an address of this machine'),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .optional()
    .describe('a URL such as redis://localhost:6379'),
  TRAFFIC: z.enum(['on', 'off']).optional().describe('on or off'),
  RATE: number(0.1, 1000).default(8).describe('a number of requests per second from 0.1 to 1000'),
  ERROR_SHARE: number(0, 1).default(0.03).describe('a share from 0 to 1'),
  SEED: number(0, MAX_SEED).refine(Number.isInteger).default(1).describe(`an integer from 0 to ${MAX_SEED}`),
  OPENAI_API_KEY: z.string().optional().describe('an API key'),
  ANTHROPIC_API_KEY: z.string().optional().describe('an API key'),
  READ_TOKEN: z.string().min(16).max(512).optional().describe('a secret of 16 to 512 characters'),
  WRITE_TOKEN: z.string().min(16).max(512).optional().describe('a secret of 16 to 512 characters'),
});

/** Reads the settings from the environment; an empty variable counts as absent. Throws SettingsError. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => issue.path[0] as keyof typeof environment.shape));
    throw new SettingsError([...names].map((name) => complaint(name, given[name])).join('\n'));
  }
  const { OPENAI_API_KEY: openaiApiKey = null, ANTHROPIC_API_KEY: anthropicApiKey = null, ...rest } = parsed.data;
  const spendsMoney = openaiApiKey !== null || anthropicApiKey !== null;
  return Object.freeze({
    port: rest.PORT,
    host: rest.HOST,
    redisUrl: rest.REDIS_URL ?? null,
    traffic: rest.TRAFFIC === undefined ? !spendsMoney : rest.TRAFFIC === 'on',
    rate: rest.RATE,
    errorShare: rest.ERROR_SHARE,
    seed: rest.SEED,
    openaiApiKey,
    anthropicApiKey,
    readToken: rest.READ_TOKEN ?? null,
    writeToken: rest.WRITE_TOKEN ?? null,
  });
}

/** The settings of this process; a bad value ends it with exit code 1 and one line that says what to change. */
export function settingsOrExit(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

function complaint(name: keyof typeof environment.shape, value: unknown): string {
  const got = SECRETS.includes(name) ? 'another value' : JSON.stringify(value);
  return `${name} must be ${environment.shape[name].description}, got ${got}. Change it or leave it out.`;
}
