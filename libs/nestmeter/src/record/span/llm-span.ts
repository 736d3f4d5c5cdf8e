import type { Semconv } from '../../accumulate/family.js';
import type { LLMFacts } from '../llm-facts.js';
import type { LLMCost } from '../price/cost.js';
import type { Tags } from '../tags.js';
import type { CallSpan } from './call-span.js';
import { answerAttributes, tagAttributes } from './span-attributes.js';

/** The span of one LLM call. */
export class LLMSpan {
  constructor(
    private readonly span: CallSpan,
    private readonly semconv: Semconv,
    private readonly operation: string,
  ) {}

  /** See {@link CallSpan.run}. */
  run<R>(code: () => R): R {
    return this.span.run(code);
  }

  /** See {@link CallSpan.stopTheClock}. */
  stopTheClock(): void {
    this.span.stopTheClock();
  }

  /**
   * Ends it with all that is known of the call; further ends are ignored. Calls that were cancelled or stopped did not
   * fail.
   */
  end(facts: LLMFacts, cost: LLMCost | undefined, tags: Tags | null): void {
    const { outcome, errorCategory } = facts;
    if (this.span.isRecording) {
      this.span.add(answerAttributes(facts, cost, { semconv: this.semconv, operation: this.operation }));
      if (tags !== null) this.span.add(tagAttributes(tags));
    }
    const failed = outcome === 'failed' || outcome === 'incomplete';
    this.span.end(failed ? (errorCategory ?? (outcome === 'incomplete' ? 'incomplete' : '_OTHER')) : null);
  }
}
