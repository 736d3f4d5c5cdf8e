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
  /** Its message, or one in the body of the provider's answer. */
  readonly message?: RegExp;
  /** A header of the provider's answer. */
  readonly header?: { readonly name: string; readonly value: RegExp };
  /** Whether the error must show a trait of an SDK (`sdkTraits` or an HTTP status). */
  readonly fromSdk?: true;
}

/** Where errors carry an HTTP status, most trusted first; gateways and Google put it in `code` of an error inside a stream. */
export const statusPaths: readonly (readonly string[])[] = [
  ['status'],
  ['statusCode'],
  ['status_code'],
  ['$metadata', 'httpStatusCode'],
  ['originalStatusCode'],
  ['code'],
];

/**
 * Where errors, and the bodies in them, carry codes and types, most specific first: the first one found is the code that is
 * reported. The last ones are Google's, but for the reason why `ai` gave up retrying, and LangChain's.
 */
export const codePaths: readonly (readonly string[])[] = [
  ['errorCode'],
  ['code'],
  ['error', 'error', 'code'],
  ['error', 'code'],
  ['type'],
  ['error', 'error', 'type'],
  ['error', 'type'],
  ['status'],
  ['reason'],
  ['quotaId'],
  ['quota_limit'],
  ['lc_error_code'],
];

/** Names of classes that only SDKs have, and a pair of properties that the errors of openai and Anthropic always have. */
export const sdkTraits = {
  className:
    /^(API[A-Z]\w*Error|APIError|ApiError|OpenAIError|AnthropicError|AI_\w+Error|SDKError|MistralError|HTTPValidationError|ResponseValidationError|SDKValidationError|UnexpectedClientError|Cohere\w*Error)$/,
  properties: ['headers', 'requestID'],
} as const;

const networkCodes =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOTFOUND|EAI_AGAIN|EPIPE|ERR_STREAM_PREMATURE_CLOSE|ERR_HTTP2_\w+|EHOSTUNREACH|ENETUNREACH|ENETDOWN|UND_ERR_SOCKET|CERT_\w+|ERR_TLS_\w+|ERR_SSL_\w+|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT\w*|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT)$/;

/**
 * The rules, first match wins. A rule is tried on the error and all its causes before the next rule is tried, so the
 * order of categories decides, not the depth: quota stands before rate limit, because OpenAI answers both with 429, and
 * network stands last, because SDKs wrap what a server said in a connection error.
 *
 * Class names are what a bundler may change; wherever a status, code or message says the same, a row for it stands beside.
 */
export const errorRules: readonly ErrorRule[] = [
  {
    category: 'cancelled',
    className: /^(APIUserAbortError|AbortError|RequestAbortedError|ModelAbortError|ClientClosedRequestError)$/,
  },
  { category: 'cancelled', className: /^AI_RetryError$/, code: /^abort$/ },
  { category: 'cancelled', code: /^(ABORT_ERR|MODEL_ABORTED)$/ },
  { category: 'cancelled', status: [499] },
  { category: 'cancelled', message: /^Request was aborted\.?$/, fromSdk: true },

  {
    category: 'timeout',
    className:
      /^(APIConnectionTimeoutError|TimeoutError|RequestTimeoutError|CohereTimeoutError|ModelTimeoutException|ContinuationTimeoutError)$/,
  },
  { category: 'timeout', status: [408, 504] },
  {
    category: 'timeout',
    code: /^(timeout_error|ETIMEDOUT|ESOCKETTIMEDOUT|ERR_SOCKET_TIMEOUT|UND_ERR_\w+_TIMEOUT|DEADLINE_EXCEEDED)$/,
  },
  { category: 'timeout', message: /^Request timed out\.?$/, fromSdk: true },
  { category: 'timeout', className: /^CohereError$/, message: /^"?timeout"?$/i },

  { category: 'quota', className: /^ServiceQuotaExceededException$/ },
  { category: 'quota', status: [402] },
  // A budget of ours that refused the call.
  { category: 'quota', code: /^NM_BUDGET_EXCEEDED$/ },
  {
    category: 'quota',
    code: /^(insufficient_quota|billing_error|billing_hard_limit_reached|billing_not_active|blocked_api_access|enforced_spend_limit_reached|contract_spend_limit_reached|linked_organization_\w+)$/,
  },
  { category: 'quota', code: /PerDay/ },
  // Mistral: a plan without any allowance for this model.
  { category: 'quota', status: [429], header: { name: 'x-ratelimit-limit-req-minute', value: /^0$/ } },
  // Google says "exceeded your current quota" of a limit per minute too; what it names is what counts.
  { category: 'rate_limit', status: [429], code: /PerMinute/ },
  {
    category: 'quota',
    status: [400, 403, 429],
    message: /credit balance is too low|exceeded your current quota|API calls \/ month|reached your \w+ usage limit/i,
  },

  { category: 'context_length', className: /^(LengthFinishReasonError|ContextOverflowError)$/ },
  {
    category: 'context_length',
    code: /^(context_length_exceeded|string_above_max_length|request_too_large|exceed_context_size_error|CONTEXT_OVERFLOW)$/,
  },
  {
    category: 'context_length',
    status: [400, 413, 422],
    message:
      /prompt is too long|maximum context length|context window|too many (input )?tokens|input is too long|exceed context limit|exceeds the (available |maximum )?(context (size|length)|number of tokens)|too large for model|(input )?token count .*exceeds/i,
  },
  { category: 'context_length', className: /^ValidationException$/, message: /input is too long/i },

  { category: 'content_filter', className: /^(ContentFilterFinishReasonError|ModelRefusalError)$/ },
  {
    category: 'content_filter',
    code: /^(content_filter|content_policy_violation|bio_policy|misalignment_policy_violation|image_content_policy_violation)$/,
  },

  { category: 'overloaded', className: /^(ServiceUnavailableException|ModelNotReadyException)$/ },
  { category: 'overloaded', status: [529] },
  { category: 'overloaded', code: /^(overloaded_error|capacity_exceeded|UNAVAILABLE)$/ },
  { category: 'overloaded', status: [498, 503], message: /[Oo]verloaded|[Cc]apacity|UNAVAILABLE|server busy/ },

  { category: 'rate_limit', className: /^ThrottlingException$/ },
  { category: 'rate_limit', status: [429] },
  {
    category: 'rate_limit',
    code: /^(rate_limit_exceeded|rate_limit_error|rate_limited|tokens|requests|RESOURCE_EXHAUSTED|MODEL_RATE_LIMIT)$/,
  },

  {
    category: 'authentication',
    className:
      /^(UnrecognizedClientException|ExpiredTokenException|InvalidSignatureException|CredentialsProviderError|AI_LoadAPIKeyError)$/,
  },
  { category: 'authentication', status: [401, 498] },
  {
    category: 'authentication',
    code: /^(authentication_error|invalid_api_key|wrong_api_key|API_KEY_INVALID|UNAUTHENTICATED|MODEL_AUTHENTICATION)$/,
  },
  { category: 'authentication', status: [400], message: /API key not valid/i },

  { category: 'permission', className: /^AccessDeniedException$/ },
  { category: 'permission', status: [403] },
  { category: 'permission', code: /^(permission_error|unsupported_country_region_territory|PERMISSION_DENIED)$/ },

  {
    category: 'invalid_request',
    className:
      /^(ValidationException|ResourceNotFoundException|InvalidRequestError|SDKValidationError|AI_(InvalidPrompt|InvalidArgument|TypeValidation|UnsupportedFunctionality|NoSuchModel)Error)$/,
  },
  { category: 'invalid_request', status: [400, 404, 405, 409, 412, 413, 415, 422] },
  {
    category: 'invalid_request',
    code: /^(invalid_request_error|not_found_error|model_not_found|conflict_error|INVALID_ARGUMENT|FAILED_PRECONDITION|NOT_FOUND|MODEL_NOT_FOUND|INVALID_PROMPT_INPUT|INVALID_TOOL_RESULTS)$/,
  },

  { category: 'server_error', className: /^(InternalServerException|ModelErrorException|ModelStreamErrorException)$/ },
  { category: 'server_error', status: [424] },
  { category: 'server_error', statusFrom: 500 },
  { category: 'server_error', code: /^(api_error|server_error|internal_error|internal_server_error|INTERNAL)$/ },
  // What ollama throws in a stream is a bare Error with the server's words.
  { category: 'server_error', message: /^(model runner has unexpectedly stopped|llama runner process)/ },

  { category: 'network', className: /^(APIConnectionError|ConnectionError)$/ },
  { category: 'network', className: /^TypeError$/, message: /^(fetch failed|terminated)$/ },
  { category: 'network', code: networkCodes },
  { category: 'network', message: /^Connection error\.?$/, fromSdk: true },
  // ollama's stream ended before its last item.
  { category: 'network', message: /^Did not receive done or success response in stream\.?$/ },

  { category: 'unknown', code: /^OUTPUT_PARSING_FAILURE$/ },
  { category: 'unknown', fromSdk: true },
];
