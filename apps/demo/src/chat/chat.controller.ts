import { Body, Controller, Post, Res, UseFilters } from '@nestjs/common';
import type { Response } from 'express';
import { type ChatAnswer, type ChatRequest, chatRequest } from './chat-request.js';
import { ChatService } from './chat.service.js';
import { providerFailure, ProviderFailureFilter } from './provider-failure.js';

/** POST /chat: one question to one model, answered as JSON or as server-sent events. */
@Controller('chat')
@UseFilters(ProviderFailureFilter)
export class ChatController {
  constructor(private readonly chat: ChatService) {}

  @Post()
  async post(@Body({ schema: chatRequest }) request: ChatRequest, @Res() response: Response): Promise<void> {
    // When the client leaves, the provider is not to go on writing for nobody.
    const left = new AbortController();
    response.once('close', () => left.abort());
    if (!request.stream) {
      response.status(200).json(await this.chat.answer(request, left.signal));
      return;
    }
    // Awaited before the headers go out, so that a call that the provider refuses still gets a status of its own.
    const pieces = await this.chat.stream(request, left.signal);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    for await (const event of events(pieces)) response.write(event);
    response.end();
  }
}

/** Events without a name carry `{text}`; the last one is `done` with the whole answer, or `error`. */
async function* events(pieces: AsyncGenerator<string, ChatAnswer>): AsyncGenerator<string, void> {
  try {
    const answer = yield* mapped(pieces, (text) => `data: ${JSON.stringify({ text })}\n\n`);
    yield `event: done\ndata: ${JSON.stringify(answer)}\n\n`;
  } catch (error) {
    const { code, message } = providerFailure(error);
    yield `event: error\ndata: ${JSON.stringify({ error: { code, message } })}\n\n`;
  }
}

/** A generator with every item mapped and the return value kept. */
async function* mapped<Item, Answer>(
  items: AsyncGenerator<Item, Answer>,
  map: (item: Item) => string,
): AsyncGenerator<string, Answer> {
  for (;;) {
    const next = await items.next();
    if (next.done) return next.value;
    yield map(next.value);
  }
}
