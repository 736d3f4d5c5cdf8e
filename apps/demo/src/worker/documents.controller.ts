import { Body, Controller, HttpCode, Post, ServiceUnavailableException } from '@nestjs/common';
import { z } from 'zod';
import { DocumentWorker } from './document-worker.js';

const document = z.strictObject({ text: z.string().trim().min(1).max(20_000) });

/** POST /documents: hands a text to the worker and answers at once. */
@Controller('documents')
export class DocumentsController {
  constructor(private readonly worker: DocumentWorker) {}

  @Post()
  @HttpCode(202)
  post(@Body({ schema: document }) { text }: z.infer<typeof document>): { queued: true } {
    if (this.worker.enqueue(text)) return { queued: true };
    throw new ServiceUnavailableException({
      error: { code: 'queue_full', message: 'Too many documents are waiting. Try again later.' },
    });
  }
}
