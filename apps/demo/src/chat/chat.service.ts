import Anthropic from '@anthropic-ai/sdk';
import { Injectable } from '@nestjs/common';
import { PerformanceMonitor, TrackLLMCall } from 'nestmeter';
import OpenAI from 'openai';
import type { ChatAnswer, ChatRequest } from './chat-request.js';
import { answerCostUsd } from './cost.js';
import {
  anthropicAnswer,
  anthropicPieces,
  type AnswerPieces,
  openaiAnswer,
  openaiPieces,
  type ProviderAnswer,
} from './provider-answer.js';

const INSTRUCTIONS = 'You answer the customers of a small online shop, in at most three sentences.';
const MAX_OUTPUT_TOKENS = 1024;

/** Asks the providers. Everything Nestmeter knows about these calls comes from the two decorators. */
@Injectable()
export class ChatService {
  constructor(
    private readonly openai: OpenAI,
    private readonly anthropic: Anthropic,
    private readonly monitor: PerformanceMonitor,
  ) {}

  /** The whole answer at once. Throws the SDK's own error; an aborted signal ends the call. */
  async answer(request: ChatRequest, signal?: AbortSignal): Promise<ChatAnswer> {
    const whole = { ...request, stream: false };
    const answer =
      request.provider === 'openai'
        ? openaiAnswer((await this.askOpenAI(whole, signal)) as OpenAI.ChatCompletion)
        : anthropicAnswer((await this.askAnthropic(whole, signal)) as Anthropic.Message);
    return this.priced(request.provider, answer);
  }

  /**
   * The answer piece by piece, then whole as the return value. A call that the provider refuses rejects the promise,
   * a later error is thrown by the generator.
   */
  async stream(request: ChatRequest, signal?: AbortSignal): Promise<AsyncGenerator<string, ChatAnswer>> {
    const streamed = { ...request, stream: true };
    const pieces =
      request.provider === 'openai'
        ? openaiPieces((await this.askOpenAI(streamed, signal)) as AsyncIterable<OpenAI.ChatCompletionChunk>)
        : anthropicPieces(
            (await this.askAnthropic(streamed, signal)) as AsyncIterable<Anthropic.RawMessageStreamEvent>,
          );
    return this.pricedAtEnd(request.provider, pieces);
  }

  @TrackLLMCall({ provider: 'openai', model: (request: ChatRequest) => request.model })
  askOpenAI({ model, message, stream }: ChatRequest, signal?: AbortSignal) {
    const messages = [
      { role: 'system' as const, content: INSTRUCTIONS },
      { role: 'user' as const, content: message },
    ];
    // Without include_usage a stream carries no token counts.
    const stream_options = stream ? { include_usage: true } : null;
    return this.openai.chat.completions.create(
      { model, messages, max_completion_tokens: MAX_OUTPUT_TOKENS, stream, stream_options },
      { signal },
    );
  }

  @TrackLLMCall({ provider: 'anthropic', model: (request: ChatRequest) => request.model })
  askAnthropic({ model, message, stream }: ChatRequest, signal?: AbortSignal) {
    const messages = [{ role: 'user' as const, content: message }];
    return this.anthropic.messages.create(
      { model, system: INSTRUCTIONS, messages, max_tokens: MAX_OUTPUT_TOKENS, stream },
      { signal },
    );
  }

  private async *pricedAtEnd(
    provider: ChatRequest['provider'],
    pieces: AnswerPieces,
  ): AsyncGenerator<string, ChatAnswer> {
    return this.priced(provider, yield* pieces);
  }

  private priced(provider: ChatRequest['provider'], answer: ProviderAnswer): ChatAnswer {
    const { model, text, usage } = answer;
    return {
      provider,
      model,
      text,
      usage: usage && { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens },
      cost_usd: answerCostUsd(this.monitor, provider, answer),
    };
  }
}
