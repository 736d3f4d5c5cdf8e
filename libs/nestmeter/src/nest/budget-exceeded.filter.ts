import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { throwError } from 'rxjs';
import { BudgetExceededError } from '../core.js';

/**
 * Answers an uncaught {@link BudgetExceededError} with 429 and Retry-After, where no filter of the application takes it.
 * How much was used stays in the log of the service: clients see that there is a limit, and when to come again.
 */
@Catch(BudgetExceededError)
export class BudgetExceededFilter implements ExceptionFilter<BudgetExceededError> {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: BudgetExceededError, context: ArgumentsHost): unknown {
    const type = context.getType<string>();
    // Handlers that are not about HTTP get the error as without this filter.
    if (type === 'rpc') return throwError(() => error);
    if (type !== 'http') return error;
    const { httpAdapter } = this.host;
    const response: unknown = context.getArgByIndex(1);
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response);
      return undefined;
    }
    const { status, code, retryAfterSeconds } = error;
    httpAdapter.setHeader(response, 'Retry-After', String(retryAfterSeconds));
    httpAdapter.reply(response, { statusCode: status, message: 'Too Many Requests', error: code }, status);
    return undefined;
  }
}
