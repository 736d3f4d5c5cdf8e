import type { PerformanceMonitor } from 'nestmeter';
import type { ChatRequest } from './chat-request.js';
import type { ProviderAnswer } from './provider-answer.js';

/** What an answer cost in USD by the monitor's prices, nine digits; null when usage or price is unknown. */
export function answerCostUsd(
  monitor: PerformanceMonitor,
  provider: ChatRequest['provider'],
  { model, usage }: ProviderAnswer,
): string | null {
  return usage && (monitor.cost({ provider, model, ...usage })?.total_cost_usd ?? null);
}
