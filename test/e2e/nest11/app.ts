/*
 * A CommonJS application on Nest 11 that uses the built package as a team would. Prints the port it listens on, and stops
 * on SIGTERM. Environment: ADAPTER (express or fastify).
 */
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Injectable, Module, Param, ParseIntPipe, Scope } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  getMonitor,
  PerformanceModule,
  PerformanceMonitor,
  SkipTracking,
  TrackLLMCall,
  TrackOperation,
} from 'nestmeter';
import { errorCodes } from 'nestmeter/core';

@Injectable()
class Chat {
  @TrackOperation()
  async answer(question: string): Promise<string> {
    const { content } = await this.ask(question);
    return content;
  }

  @TrackLLMCall({ provider: 'openai', model: () => 'gpt-5' })
  async ask(content: string) {
    return { content, usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }, object: 'chat.completion' };
  }
}

@Injectable({ scope: Scope.REQUEST })
class Scoped {
  @TrackOperation('scoped')
  work(): number {
    return 1;
  }
}

@Controller('chat')
class ChatController {
  constructor(
    private readonly chat: Chat,
    private readonly scoped: Scoped,
    private readonly monitor: PerformanceMonitor,
  ) {}

  @Get('skipped')
  @SkipTracking()
  skipped(): string {
    return 'skipped';
  }

  @Get(':id')
  async one(@Param('id', ParseIntPipe) id: number) {
    this.scoped.work();
    return { id, answer: await this.chat.answer('hello'), same: getMonitor() === this.monitor };
  }
}

@Module({
  imports: [
    PerformanceModule.forRootAsync({
      useFactory: () => ({
        app: 'nest11',
        prices: { openai: { 'gpt-5': { inputPerMillion: 1, outputPerMillion: 2 } } },
      }),
    }),
  ],
  controllers: [ChatController],
  providers: [Chat, Scoped],
})
class AppModule {}

async function main(): Promise<void> {
  const adapter = process.env['ADAPTER'] === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(AppModule, adapter, { logger: ['error'] });
  app.enableShutdownHooks(['SIGTERM']);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ port, codes: Object.keys(errorCodes).length })}\n`);
}

void main();
