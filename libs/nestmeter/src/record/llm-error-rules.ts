/** Why an LLM call failed, as every report names it. Order is that of the reports. */
export const llmErrorCategories = [
  'network',
  'timeout',
  'authentication',
  'permission',
  'rate_limit',
  'quota',
  'invalid_request',
  'context_length',
  'content_filter',
  'overloaded',
  'server_error',
  'application',
  'unknown',
] as const;

/** One of the categories; `application` is an error that no provider and no SDK made. */
export type LLMErrorCategory = (typeof llmErrorCategories)[number];

/**
 * One row of the table that turns errors into categories. Every condition that the row names must hold for one and the
 * same error of the chain; a row without conditions would match everything.
 */
export interface ErrorRule {
  readonly category: LLMErrorCategory | 'cancelled';
  /** The error's `name`, or its constructor's name where the SDK leaves `name` at `'Error'`. */
  readonly className?: RegExp;
  /** Any of the codes and types that the error carries; see `codePaths`. */
  readonly code?: RegExp;
  /** HTTP status, one of these. */
  readonly status?: readonly number[];
  /** HTTP status, this or above. */
  readonly statusFrom?: number;
  readonly message?: RegExp;
  /** Whether the error must show a trait of an SDK (`sdkTraits` or an HTTP status). */
  readonly fromSdk?: true;
}

/** Where errors carry an HTTP status, most trusted first; gateways put it in `code` of an error inside a stream. */
export const statusPaths: readonly (readonly string[])[] = [['status'], ['statusCode'], ['code']];

/** Where errors carry codes and types, most specific first: the first one found is the code that is reported. */
export const codePaths: readonly (readonly string[])[] = [
  ['errorCode'],
  ['code'],
  ['error', 'error', 'code'],
  ['error', 'code'],
  ['type'],
  ['error', 'error', 'type'],
  ['error', 'type'],
];

/** Names of classes that only SDKs have, and a pair of properties that openai and Anthropic errors always have. */
export const sdkTraits = {
  className: /^(API[A-Z]\w*Error|APIError|OpenAIError|AnthropicError)$/,
  properties: ['headers', 'requestID'],
} as const;

const networkCodes =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOTFOUND|EAI_AGAIN|EPIPE|EHOSTUNREACH|ENETUNREACH|ENETDOWN|UND_ERR_SOCKET|CERT_\w+|ERR_TLS_\w+|ERR_SSL_\w+|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT\w*|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT)$/;

/**
 * The rules, first match wins. A rule is tried on the error and all its causes before the next rule is tried, so the
 * order of categories decides, not the depth: quota stands before rate limit, because OpenAI answers both with 429, and
 * network stands last, because SDKs wrap what a server said in a connection error.
 *
 * Class names are what a bundler may change; wherever a status, code or message says the same, a row for it stands beside.
 */
export const errorRules: readonly ErrorRule[] = [
  { category: 'cancelled', className: /^(APIUserAbortError|AbortError|ClientClosedRequestError)$/ },
  { category: 'cancelled', code: /^ABORT_ERR$/ },
  { category: 'cancelled', status: [499] },
  { category: 'cancelled', message: /^Request was aborted\.?$/, fromSdk: true },

  { category: 'timeout', className: /^(APIConnectionTimeoutError|TimeoutError|RequestTimeoutError)$/ },
  { category: 'timeout', status: [408, 504] },
  { category: 'timeout', code: /^(timeout_error|ETIMEDOUT|ESOCKETTIMEDOUT|UND_ERR_\w+_TIMEOUT)$/ },
  { category: 'timeout', message: /^Request timed out\.?$/, fromSdk: true },

  { category: 'quota', status: [402] },
  {
    category: 'quota',
    code: /^(insufficient_quota|billing_error|billing_hard_limit_reached|billing_not_active|enforced_spend_limit_reached|contract_spend_limit_reached|linked_organization_\w+)$/,
  },
  { category: 'quota', status: [400, 403, 429], message: /credit balance is too low|exceeded your current quota/i },

  { category: 'context_length', className: /^LengthFinishReasonError$/ },
  { category: 'context_length', code: /^(context_length_exceeded|string_above_max_length|request_too_large)$/ },
  {
    category: 'context_length',
    status: [400, 413, 422],
    message:
      /prompt is too long|maximum context length|context window|too many (input )?tokens|input is too long|exceed context limit/i,
  },

  { category: 'content_filter', className: /^ContentFilterFinishReasonError$/ },
  {
    category: 'content_filter',
    code: /^(content_filter|content_policy_violation|bio_policy|misalignment_policy_violation|image_content_policy_violation)$/,
  },

  { category: 'overloaded', status: [529] },
  { category: 'overloaded', code: /^overloaded_error$/ },
  { category: 'overloaded', status: [503], message: /[Oo]verloaded|[Cc]apacity|UNAVAILABLE/ },

  { category: 'rate_limit', status: [429] },
  { category: 'rate_limit', code: /^(rate_limit_exceeded|rate_limit_error|tokens|requests)$/ },

  { category: 'authentication', status: [401] },
  { category: 'authentication', code: /^(authentication_error|invalid_api_key)$/ },

  { category: 'permission', status: [403] },
  { category: 'permission', code: /^(permission_error|unsupported_country_region_territory)$/ },

  { category: 'invalid_request', status: [400, 404, 405, 409, 412, 413, 415, 422] },
  { category: 'invalid_request', code: /^(invalid_request_error|not_found_error|model_not_found|conflict_error)$/ },

  { category: 'server_error', statusFrom: 500 },
  { category: 'server_error', code: /^(api_error|server_error|internal_error)$/ },

  { category: 'network', className: /^APIConnectionError$/ },
  { category: 'network', className: /^TypeError$/, message: /^(fetch failed|terminated)$/ },
  { category: 'network', code: networkCodes },
  { category: 'network', message: /^Connection error\.?$/, fromSdk: true },

  { category: 'unknown', fromSdk: true },
];
