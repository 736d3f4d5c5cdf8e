import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { PerformanceMonitor } from 'nestmeter';
import type { ChatAnswer, ChatRequest } from '../chat/chat-request.js';
import { ChatService } from '../chat/chat.service.js';
import { SeededRandom } from '../seeded-random.js';
import { type Settings, SETTINGS } from '../settings.js';

type Asked = Pick<ChatRequest, 'provider' | 'model'>;

const MODELS = {
  classify: { provider: 'anthropic', model: 'claude-haiku-4-5' },
  decide: { provider: 'openai', model: 'gpt-4o-mini' },
  extract: { provider: 'openai', model: 'gpt-4.1' },
} satisfies Record<string, Asked>;

const QUEUE = 'documents';
const MAX_WAITING = 500;
/** Traffic brings a document every 16 requests or so; one takes about two seconds. This leaves the queue short but not empty. */
const REQUESTS_PER_SECOND_AND_SLOT = 5;

/** Works through a queue of documents in the background, each in the stages of a usual extraction pipeline. */
@Injectable()
export class DocumentWorker implements OnModuleInit, OnModuleDestroy {
  private readonly waiting: string[] = [];
  private readonly running = new Set<Promise<void>>();
  private readonly slots: number;
  private readonly random: SeededRandom;
  private stopped = false;

  constructor(
    private readonly chat: ChatService,
    private readonly monitor: PerformanceMonitor,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.slots = Math.ceil(settings.rate / REQUESTS_PER_SECOND_AND_SLOT);
    this.random = new SeededRandom(settings.seed);
  }

  /** Adds a document; false when the queue is full or the worker stops. */
  enqueue(text: string): boolean {
    if (this.stopped || this.waiting.length >= MAX_WAITING) return false;
    this.waiting.push(text);
    this.next();
    return true;
  }

  onModuleInit(): void {
    this.monitor.recordQueueDepth(QUEUE, 0);
  }

  /** Drops what still waits and finishes what has begun. */
  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    this.waiting.length = 0;
    await Promise.all(this.running);
  }

  private next(): void {
    while (this.running.size < this.slots && this.waiting.length > 0) {
      const run = this.process(this.waiting.shift()!).finally(() => {
        this.running.delete(run);
        this.next();
      });
      this.running.add(run);
    }
    this.monitor.recordQueueDepth(QUEUE, this.waiting.length);
  }

  /** Runs the stages in order. A stage that fails ends the document; its failure is in the numbers, so nothing is thrown. */
  private async process(text: string): Promise<void> {
    const started = performance.now();
    const success = await this.stages(text).then(
      () => true,
      () => false,
    );
    this.monitor.recordStage('total', performance.now() - started, { success });
  }

  private async stages(text: string): Promise<void> {
    await this.stage('preprocess', () => sleep(this.random.lognormal(15, 0.3)));
    await this.stage('classify', () => this.ask(MODELS.classify, `Name the kind of this document: ${text}`));
    // Every third decision is known from a document like it.
    if (this.random.chance(1 / 3)) await this.stage('decide', () => sleep(1), { cacheHit: true });
    else await this.stage('decide', () => this.ask(MODELS.decide, `Is this document to be kept? ${text}`));
    await this.stage('extract', () => this.ask(MODELS.extract, `List names, dates and sums: ${text}`));
  }

  private async stage(
    name: string,
    work: () => Promise<ChatAnswer | void>,
    options: { cacheHit?: boolean } = {},
  ): Promise<void> {
    const started = performance.now();
    try {
      const answer = await work();
      this.monitor.recordStage(name, performance.now() - started, {
        ...options,
        success: true,
        ...(answer?.usage && { tokens: answer.usage.input_tokens + answer.usage.output_tokens }),
        ...(answer?.cost_usd && { costUsd: answer.cost_usd }),
      });
    } catch (error) {
      this.monitor.recordStage(name, performance.now() - started, { ...options, success: false });
      throw error;
    }
  }

  private ask(asked: Asked, message: string): Promise<ChatAnswer> {
    return this.chat.answer({ ...asked, message, stream: false });
  }
}
