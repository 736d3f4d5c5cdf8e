/** Every code an error of this library can carry, with what it means and what to do. Codes never change their meaning. */
export const errorCodes = Object.freeze({
  NM_OPTION_INVALID: {
    meaning: 'One or more options given to the module or to `createMonitor` are outside their bounds.',
    whatToDo: 'Correct every option that the message lists; all of them are reported at once.',
  },
  NM_NAME_INVALID: {
    meaning: 'The name of an operation, metric, tag or label cannot be used.',
    whatToDo: 'Choose a name that follows the rule in the message; names that start with `__` are reserved.',
  },
  NM_QUERY_INVALID: {
    meaning: 'A parameter of the query string, such as `window`, cannot be understood.',
    whatToDo: 'Correct the parameter that the message names; the reference of the route lists what it takes.',
  },
  NM_BODY_INVALID: {
    meaning: 'The body of a request is not JSON, is too large, or does not fit the schema of the route.',
    whatToDo: 'Send a body that fits the schema of the route, with content type `application/json`.',
  },
  NM_CONFIG_INVALID: {
    meaning:
      'A change of the configuration was refused: a field is unknown, out of bounds, or can be set in code only.',
    whatToDo: 'Correct every field that the message lists; nothing of the change was applied.',
  },
  NM_CONFIG_CONFLICT: {
    meaning: 'The configuration was changed meanwhile: it is not of the version that `If-Match` names any more.',
    whatToDo: 'Read the configuration again, then make the change on top of what it is now.',
  },
  NM_NOT_FOUND: {
    meaning: 'The thing asked for does not exist, or the route is not served because `access` is not configured.',
    whatToDo: 'Check the address; in production, configure `access` to have the routes served.',
  },
  NM_METHOD_NOT_ALLOWED: {
    meaning: 'The route exists but does not take this method.',
    whatToDo: 'Use a method that the `Allow` header of the answer lists.',
  },
  NM_UNAUTHORIZED: {
    meaning: 'The request carries no credentials, or wrong ones.',
    whatToDo: 'Send the token that `access` is configured with.',
  },
  NM_LOGIN_ELSEWHERE: {
    meaning: 'Nobody can log in to the page with a token, because `access` has none: the application decides itself.',
    whatToDo: 'Log in to the application, or configure a token in `access`.',
  },
  NM_FORBIDDEN: {
    meaning: 'The credentials are known but do not allow this route.',
    whatToDo: 'Use credentials of the level that the route asks for.',
  },
  NM_ORIGIN_REFUSED: {
    meaning: 'A browser sent a request that changes something from a page of another origin.',
    whatToDo: 'Send it from the dashboard itself, or without a browser.',
  },
  NM_RATE_LIMITED: {
    meaning: 'The client asked more often than the routes of the toolkit allow.',
    whatToDo: 'Wait for the seconds in the `Retry-After` header, then ask again.',
  },
  NM_TOO_MANY_STREAMS: {
    meaning: 'As many clients follow the live stream of this replica as its limit allows.',
    whatToDo: 'Close a page that is not needed, or raise the limit.',
  },
  NM_UPGRADE_REQUIRED: {
    meaning: 'The address is that of the WebSocket, and the request was no handshake or nothing takes it over.',
    whatToDo: 'Connect with a WebSocket client, and attach `nestmeter/websocket` to the server.',
  },
  NM_DASHBOARD_NOT_BUILT: {
    meaning: 'The service runs from sources in which the page has not been built; the package contains it.',
    whatToDo: 'Run `npm run build`.',
  },
  NM_INTERNAL: {
    meaning:
      'A route of the toolkit failed for a reason that is no fault of the caller; the log of the service has it.',
    whatToDo: 'Look into the log of the service; the application itself is not affected.',
  },
  NM_CHANNEL_FAILED: {
    meaning:
      'A message did not reach a channel of alerts, or nobody knows whether it did: no answer in time, a status that refuses it, or a function that threw.',
    whatToDo: 'Look at the target of the channel and at its options; the reason is in the message.',
  },
  NM_CHANNEL_ADDRESS_REFUSED: {
    meaning: 'The target of a channel has an address that is not public, or is no https URL: nothing was sent there.',
    whatToDo: 'Correct the address; for a target in your own network set `allowPrivate` on the channel.',
  },
  NM_CHANNEL_SECRET_MISSING: {
    meaning: 'A channel refers to an environment variable that is not set, or to a function that answers no secret.',
    whatToDo: 'Set the variable that the message names, or correct the function.',
  },
  NM_STORE_UNREACHABLE: {
    meaning: 'The store did not answer in time; recording goes on and is published when the store is back.',
    whatToDo: 'Check that Redis is running and reachable from this host, and that its address and password are right.',
  },
  NM_RESET_SHARED: {
    meaning: 'A reset was refused because it would delete numbers that other replicas share.',
    whatToDo: 'Call `reset({ shared: true })` if the numbers of all replicas are really to be deleted.',
  },
  NM_FILE_UNUSABLE: {
    meaning: 'A file of numbers cannot be written or read: it is damaged, of another kind, or the disk refuses it.',
    whatToDo: 'Give another file; the message says what is wrong with this one. With Redis there is no file.',
  },
  NM_BUDGET_EXCEEDED: {
    meaning:
      'An LLM call was refused before it was made: a budget with a hard stop is used up, or cannot tell what is left.',
    whatToDo: 'Wait until the budget begins anew, as `retryAfterSeconds` says, or raise it with an override.',
  },
  NM_MISSING_PEER: {
    meaning: 'A configured feature needs an optional package that is not installed.',
    whatToDo: 'Install the package that the message names, in the range that it names.',
  },
  NM_PEER_UNUSABLE: {
    meaning: 'A configured feature needs an optional package that is installed and cannot be loaded.',
    whatToDo: 'Look at `cause`, which is what the package threw, and install the package anew with all it depends on.',
  },
} as const satisfies Record<`NM_${string}`, { readonly meaning: string; readonly whatToDo: string }>);

/** The stable code of a {@link NestmeterError}. */
export type ErrorCode = keyof typeof errorCodes;

/** What a {@link NestmeterError} is made of. */
export interface NestmeterErrorOptions {
  readonly code: ErrorCode;
  /** `<what> must be <rule>, got <value>. <What to do.>` */
  readonly message: string;
  /** The error that led to this one, if any. */
  readonly cause?: unknown;
}

/**
 * The only error this library throws of its own accord. Tell errors apart by `code`, never by the message, whose wording
 * may improve. Errors of the application pass through decorators untouched and are never wrapped in this one.
 */
export class NestmeterError extends Error {
  override readonly name = 'NestmeterError';
  readonly code: ErrorCode;

  constructor({ code, message, cause }: NestmeterErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** What is asked of a monitor that measures nothing. */
export function disabled(what: string): NestmeterError {
  const message = `enabled must be true to have ${what}, got false. Enable the monitor.`;
  return new NestmeterError({ code: 'NM_NOT_FOUND', message });
}

/**
 * Whether loading a package failed since it is not there. False for one that is there and throws: because something that it
 * depends on is missing, because a file of its own is, or for any other reason.
 *
 * @param error what `import()` or `require` threw
 */
export function isNotInstalled(error: unknown, packageName: string): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message, data } = error as Partial<Record<'code' | 'message' | 'data', unknown>>;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return false;
  // Plug'n'Play of Yarn has words of its own, for packages that nobody declared and for peers that nobody gave.
  if ((data as { readonly dependencyName?: unknown } | undefined)?.dependencyName === packageName) return true;
  // Who asked for it comes later in the message, and may have the same name in its path.
  return /^Cannot find (?:package|module) '([^']*)'/.exec(String(message))?.[1] === packageName;
}

/** One option that breaks its rule. */
export interface OptionProblem {
  /** Where the option stands, as a user would write it: `redis.keyPrefix`. */
  readonly path: string;
  /** Completes "must be": `a whole number of seconds from 1 to 3600`. */
  readonly rule: string;
  /** The value given. It is shown shortened, and passwords in addresses are hidden; never pass a token. */
  readonly got: unknown;
}

const longestShown = 80;

/** Shows a value of unknown origin in one short line, for the "got" of a message. Never throws. */
export function shown(value: unknown): string {
  const text = written(value).replaceAll(/\/\/[^/@\s]*@/g, '//***@');
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}

function written(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol' || value === undefined || Number.isNaN(value)) return String(value);
  if (value === Infinity || value === -Infinity) return String(value);
  try {
    return JSON.stringify(value) ?? 'an object';
  } catch {
    return 'an object';
  }
}

/**
 * One error for all options that are wrong, so that a configuration is corrected in one go.
 * @param problems At least one.
 */
export function invalidOption(problems: readonly OptionProblem[]): NestmeterError {
  const lines = problems.map(({ path, rule, got }) => `${path} must be ${rule}, got ${shown(got)}.`);
  const message =
    lines.length === 1
      ? `${lines[0]} Correct the option.`
      : `${lines.length} options are wrong. Correct them:\n${lines.map((line) => `- ${line}`).join('\n')}`;
  return new NestmeterError({ code: 'NM_OPTION_INVALID', message });
}
