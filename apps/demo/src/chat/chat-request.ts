import { z } from 'zod';

/** Body of POST /chat. Any model name is taken: which ones exist is the provider's to say. */
export const chatRequest = z.strictObject({
  provider: z.enum(['openai', 'anthropic']),
  model: z.string().min(1).max(500),
  message: z.string().min(1).max(32_000),
  stream: z.boolean().default(false),
});

export type ChatRequest = z.infer<typeof chatRequest>;

/** Answer of POST /chat, and the data of the last event when it is streamed. */
export interface ChatAnswer {
  readonly provider: ChatRequest['provider'];
  readonly model: string;
  readonly text: string;
  /** Null when the provider reported none. */
  readonly usage: { readonly input_tokens: number; readonly output_tokens: number } | null;
  /** Decimal string with nine digits; null when the model has no known price. */
  readonly cost_usd: string | null;
}
