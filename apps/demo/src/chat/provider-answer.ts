import type Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';

/** Tokens of one answer. Input includes both cache counts, output includes reasoning. */
export interface AnswerUsage {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** What a provider answered, in the same words for all providers. */
export interface ProviderAnswer {
  /** The model that the answer names, which may be a dated form of the one asked for. */
  readonly model: string;
  readonly text: string;
  readonly usage: AnswerUsage | null;
}

/** The pieces of a streamed text as they arrive, then the whole answer as the generator's return value. */
export type AnswerPieces = AsyncGenerator<string, ProviderAnswer>;

/** Reads a complete OpenAI answer. */
export function openaiAnswer(completion: OpenAI.ChatCompletion): ProviderAnswer {
  return {
    model: completion.model,
    text: completion.choices[0]?.message.content ?? '',
    usage: completion.usage ? openaiUsage(completion.usage) : null,
  };
}

/** Reads a streamed OpenAI answer; leaving the generator early aborts the request. */
export async function* openaiPieces(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): AnswerPieces {
  let model = '';
  let text = '';
  let usage: AnswerUsage | null = null;
  for await (const chunk of stream) {
    model = chunk.model;
    if (chunk.usage) usage = openaiUsage(chunk.usage);
    const piece = chunk.choices[0]?.delta.content;
    if (!piece) continue;
    text += piece;
    yield piece;
  }
  return { model, text, usage };
}

/** Reads a complete Anthropic answer. */
export function anthropicAnswer(message: Anthropic.Message): ProviderAnswer {
  const text = message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  return { model: message.model, text, usage: anthropicUsage(message.usage) };
}

/** Reads a streamed Anthropic answer; leaving the generator early aborts the request. */
export async function* anthropicPieces(stream: AsyncIterable<Anthropic.RawMessageStreamEvent>): AnswerPieces {
  let model = '';
  let text = '';
  let usage: Anthropic.Usage | null = null;
  for await (const event of stream) {
    if (event.type === 'message_start') ({ model, usage } = event.message);
    if (event.type === 'message_delta' && usage) {
      // Cumulative, and the only event with the final output count.
      const { output_tokens, output_tokens_details } = event.usage;
      usage = { ...usage, output_tokens, output_tokens_details };
    }
    if (event.type !== 'content_block_delta' || event.delta.type !== 'text_delta') continue;
    text += event.delta.text;
    yield event.delta.text;
  }
  return { model, text, usage: usage && anthropicUsage(usage) };
}

function openaiUsage(usage: OpenAI.CompletionUsage): AnswerUsage {
  const input = usage.prompt_tokens_details;
  return {
    inputTokens: usage.prompt_tokens,
    cachedInputTokens: input?.cached_tokens ?? 0,
    cacheWriteTokens: input?.cache_write_tokens ?? 0,
    outputTokens: usage.completion_tokens,
    reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
  };
}

function anthropicUsage(usage: Anthropic.Usage): AnswerUsage {
  const cachedInputTokens = usage.cache_read_input_tokens ?? 0;
  const cacheWriteTokens = usage.cache_creation_input_tokens ?? 0;
  return {
    inputTokens: usage.input_tokens + cachedInputTokens + cacheWriteTokens,
    cachedInputTokens,
    cacheWriteTokens,
    outputTokens: usage.output_tokens,
    reasoningTokens: usage.output_tokens_details?.thinking_tokens ?? 0,
  };
}
