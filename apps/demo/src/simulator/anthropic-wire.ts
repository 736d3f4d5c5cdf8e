import type { PlannedAnswer } from './planned-answer.js';
import type { WireFormat } from './wire-format.js';

/** The messages format of Anthropic, whose input tokens leave out what came from the cache or went into it. */
export const anthropicWire: WireFormat = {
  path: '/v1/messages',
  requestIdHeader: 'request-id',

  answer: (id, plan) => ({
    ...envelope(id, plan),
    content: [{ type: 'text', text: plan.chunks.join(''), citations: null }],
    stop_reason: 'end_turn',
    usage: { ...inputUsage(plan), ...outputUsage(plan) },
  }),

  stream: (id, plan) => ({
    opening: [
      event('message_start', {
        message: {
          ...envelope(id, plan),
          content: [],
          stop_reason: null,
          usage: { ...inputUsage(plan), output_tokens: 1, output_tokens_details: null },
        },
      }),
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '', citations: null } }),
      event('ping', {}),
    ],
    chunks: plan.chunks.map((text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
    closing: [
      event('content_block_stop', { index: 0 }),
      event('message_delta', {
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: outputUsage(plan),
      }),
      event('message_stop', {}),
    ],
  }),

  streamError: () => event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } }),

  error: (kind, message) => {
    switch (kind) {
      case 'invalid_request':
        return { status: 400, body: errorBody('invalid_request_error', message) };
      case 'rate_limit':
        return { status: 429, body: errorBody('rate_limit_error', message) };
      case 'overloaded':
        return { status: 529, body: errorBody('overloaded_error', 'Overloaded') };
      default:
        return { status: 500, body: errorBody('api_error', message) };
    }
  },

  rateLimitHeaders: (limit) => {
    const reset = new Date(Date.now() + limit.resetSeconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
    const rows: [kind: string, limit: number, left: number][] = [
      ['requests', limit.requestLimit, limit.requestsLeft],
      ['tokens', limit.tokenLimit, roundedToThousand(limit.tokensLeft)],
      ['input-tokens', limit.tokenLimit * 0.8, roundedToThousand(limit.tokensLeft * 0.8)],
      ['output-tokens', limit.tokenLimit * 0.2, roundedToThousand(limit.tokensLeft * 0.2)],
    ];
    return Object.fromEntries(
      rows.flatMap(([kind, whole, left]) => [
        [`anthropic-ratelimit-${kind}-limit`, String(whole)],
        [`anthropic-ratelimit-${kind}-remaining`, String(left)],
        [`anthropic-ratelimit-${kind}-reset`, reset],
      ]),
    );
  },
};

function envelope(id: string, plan: PlannedAnswer): object {
  return { id: `msg_${id}`, type: 'message', role: 'assistant', model: plan.model, stop_sequence: null };
}

function inputUsage({ usage }: PlannedAnswer): object {
  return {
    input_tokens: usage.input - usage.cached - usage.cacheWrite,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cached,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: 0 },
    service_tier: 'standard',
  };
}

function outputUsage({ usage }: PlannedAnswer): object {
  return {
    output_tokens: usage.output,
    output_tokens_details: usage.reasoning > 0 ? { thinking_tokens: usage.reasoning } : null,
  };
}

function errorBody(type: string, message: string): object {
  return { type: 'error', error: { type, message }, request_id: null };
}

function event(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}

function roundedToThousand(tokens: number): number {
  return Math.round(tokens / 1000) * 1000;
}
