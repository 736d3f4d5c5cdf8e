import type { PlannedAnswer } from './planned-answer.js';
import type { WireFormat } from './wire-format.js';

/** The chat completions format of OpenAI, with the usage chunk at the end of a stream. */
export const openaiWire: WireFormat = {
  path: '/v1/chat/completions',
  requestIdHeader: 'x-request-id',

  answer: (id, plan) => ({
    ...envelope(id, plan, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: plan.chunks.join(''), refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: usage(plan),
  }),

  stream: (id, plan) => {
    const chunk = (delta: object, finishReason: string | null): string =>
      event({
        ...envelope(id, plan, 'chat.completion.chunk'),
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
        usage: null,
      });
    return {
      opening: [chunk({ role: 'assistant', content: '' }, null)],
      chunks: plan.chunks.map((content) => chunk({ content }, null)),
      closing: [
        chunk({}, 'stop'),
        event({ ...envelope(id, plan, 'chat.completion.chunk'), choices: [], usage: usage(plan) }),
        'data: [DONE]\n\n',
      ],
    };
  },

  streamError: () => event(errorBody('server_error', null, 'The server had an error while processing your request.')),

  error: (kind, message) => {
    switch (kind) {
      case 'invalid_request':
        return { status: 400, body: errorBody('invalid_request_error', null, message) };
      case 'rate_limit':
        return { status: 429, body: errorBody('requests', 'rate_limit_exceeded', message) };
      case 'overloaded':
        return { status: 503, body: errorBody('service_unavailable', null, 'The engine is currently overloaded.') };
      default:
        return { status: 500, body: errorBody('server_error', null, message) };
    }
  },

  rateLimitHeaders: (limit) => ({
    'x-ratelimit-limit-requests': String(limit.requestLimit),
    'x-ratelimit-remaining-requests': String(limit.requestsLeft),
    'x-ratelimit-reset-requests': `${limit.resetSeconds}s`,
    'x-ratelimit-limit-tokens': String(limit.tokenLimit),
    'x-ratelimit-remaining-tokens': String(limit.tokensLeft),
    'x-ratelimit-reset-tokens': `${limit.resetSeconds}s`,
  }),
};

function envelope(id: string, plan: PlannedAnswer, object: string): object {
  const created = Math.floor(Date.now() / 1000);
  return { id: `chatcmpl-${id}`, object, created, model: plan.model, service_tier: 'default' };
}

function usage({ usage: counted }: PlannedAnswer): object {
  return {
    prompt_tokens: counted.input,
    completion_tokens: counted.output,
    total_tokens: counted.input + counted.output,
    // Only the newest models name writes to the cache; the others must not seem to know them.
    prompt_tokens_details: {
      cached_tokens: counted.cached,
      audio_tokens: 0,
      ...(counted.cacheWrite > 0 && { cache_write_tokens: counted.cacheWrite }),
    },
    completion_tokens_details: { reasoning_tokens: counted.reasoning, audio_tokens: 0 },
  };
}

function errorBody(type: string, code: string | null, message: string): object {
  return { error: { message, type, param: null, code } };
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
