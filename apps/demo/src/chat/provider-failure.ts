import { APIConnectionTimeoutError as AnthropicTimeout, APIError as AnthropicError } from '@anthropic-ai/sdk';
import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { APIConnectionTimeoutError as OpenAITimeout, APIError as OpenAIError } from 'openai';
import type { ServerResponse } from 'node:http';

/** How the chat route answers when the provider did not. The provider's own message stays out: it may quote a key. */
export interface ProviderFailure {
  readonly status: 429 | 502 | 504;
  readonly code: 'provider_rate_limited' | 'provider_failed' | 'provider_timeout';
  readonly message: string;
}

/** Names the failure behind any error of an SDK, before or during a stream. */
export function providerFailure(error: unknown): ProviderFailure {
  if (error instanceof OpenAITimeout || error instanceof AnthropicTimeout) {
    return { status: 504, code: 'provider_timeout', message: 'The provider did not answer in time.' };
  }
  const status = error instanceof OpenAIError || error instanceof AnthropicError ? error.status : undefined;
  if (status === 429) {
    return { status, code: 'provider_rate_limited', message: 'The provider refused the call for its rate limit.' };
  }
  const message = status ? `The provider answered with status ${status}.` : 'The provider broke off.';
  return { status: 502, code: 'provider_failed', message };
}

/** Turns an error of an SDK into an HTTP answer, with the provider's Retry-After. */
@Catch(OpenAIError, AnthropicError)
export class ProviderFailureFilter extends BaseExceptionFilter {
  override catch(error: OpenAIError | AnthropicError, host: ArgumentsHost): void {
    const { status, code, message } = providerFailure(error);
    const retryAfter = error.headers?.get('retry-after');
    if (status === 429 && retryAfter) {
      host.switchToHttp().getResponse<ServerResponse>().setHeader('retry-after', retryAfter);
    }
    super.catch(new HttpException({ error: { code, message } }, status, { cause: error }), host);
  }
}
