import { type CanActivate, type ExecutionContext, Inject, Injectable, mixin, type Type } from '@nestjs/common';
import { PerformanceMonitor } from '../monitor.js';
import type { BudgetCall } from '../monitor-budgets.js';

/**
 * Refuses requests before their handler runs once a budget with a hard stop is used up: `@UseGuards(BudgetGuard)`. The
 * answer is 429 with Retry-After.
 *
 * A guard does not know which calls the handler makes. By itself it asks budgets that count everything; those that go by
 * provider, model, operation or a tag are asked by {@link BudgetGuard.for}, or by the tags of the request.
 */
@Injectable()
export class BudgetGuard implements CanActivate {
  constructor(@Inject(PerformanceMonitor) private readonly monitor: PerformanceMonitor) {}

  /** A guard for handlers whose calls are known: `@UseGuards(BudgetGuard.for({ provider: 'openai', operation: 'chat' }))`. */
  static for(call: BudgetCall | ((context: ExecutionContext) => BudgetCall)): Type<CanActivate> {
    @Injectable()
    class BudgetGuardForCall extends BudgetGuard {
      protected override callOf(context: ExecutionContext): BudgetCall {
        return typeof call === 'function' ? call(context) : call;
      }
    }
    return mixin(BudgetGuardForCall);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.monitor.budget.ready(this.callOf(context));
    return true;
  }

  /** What the handler will call, as far as it is known. */
  protected callOf(_context: ExecutionContext): BudgetCall {
    return {};
  }
}
