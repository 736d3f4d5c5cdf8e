export type { AlertOptions } from './alert/alert-options.js';
export type { ChannelOptionsInput } from './alert/channel/channel-kinds.js';
export type { Check, FindingInput } from './alert/check.js';
export type { AlertMessage } from './alert/notify/message.js';
export type { AlertRuleInput } from './alert/rule.js';
export { testRule, type RulePoint, type RuleTest, type RuleTestChange } from './alert/test-rule.js';
export type { BudgetInput } from './budget/budget.js';
export type { BudgetAnswer, BudgetsAnswer } from './budget/budget-answer.js';
export { BudgetExceededError, type BudgetRefusal } from './budget/budget-exceeded.js';
export {
  checkBudget,
  counter,
  distribution,
  gauge,
  recordCache,
  recordError,
  recordEvent,
  recordLLMCall,
  recordQueueDepth,
  recordStage,
  startOperation,
  startRequest,
  tag,
  track,
} from './bound.js';
export type { ConfigPatch, UpdateConfigOptions } from './config/live-config.js';
export { errorCodes, NestmeterError, type ErrorCode } from './errors.js';
export type { BudgetCall, MonitorBudgets } from './monitor-budgets.js';
export { createMonitor, getMonitor, PerformanceMonitor, type MonitorStatus } from './monitor.js';
export type { EffectiveOptions, MonitorLogger, MonitorOptions } from './options.js';
export type { ExtractAnswer, LLMAnswer } from './record/answer/answer.js';
export type { EventRecord, StageRecord } from './record/by-hand.js';
export type {
  CounterHandle,
  CustomMetricOptions,
  DistributionHandle,
  GaugeHandle,
  LabelValues,
} from './record/custom-metric.js';
export {
  SkipTracking,
  TrackLLMCall,
  TrackOperation,
  type TrackLLMCallOptions,
  type TrackOperationOptions,
} from './record/decorators.js';
export type { LLMOutcome } from './record/llm-facts.js';
export type { LLMCallRecord } from './record/llm-record.js';
export type { OperationOptions, StartedOperation } from './record/operation.js';
export type { CostAnswer, PricedUsage } from './record/price/cost.js';
export type { CostEstimate, EstimateRequest } from './record/price/estimate.js';
export type { PricesOption } from './record/price/user-price.js';
export type { RequestBegun, RequestEnded, StartedRequest } from './record/started-request.js';
export type { Reports } from './reports.js';
export type { AccessFunction, AccessOptions, AccessRequest } from './serve/access.js';
export type { RedisLocation } from './store/redis-client.js';
export type { Tier } from './time-slot.js';
