import { getMonitor, type PerformanceMonitor } from './monitor.js';
import type { CounterHandle, CustomMetricOptions, DistributionHandle, GaugeHandle } from './record/custom-metric.js';
import { StartedOperation, type OperationOptions } from './record/operation.js';
import { type RequestBegun, StartedRequest } from './record/started-request.js';

/*
 * The monitor's record calls as plain functions, for code outside dependency injection. They find the monitor as
 * decorators do, and do nothing when there is none.
 */

type Of<Name extends keyof PerformanceMonitor> = PerformanceMonitor[Name];

/** See {@link PerformanceMonitor.track}. */
export function track<Result>(name: string, fn: () => Result, options?: OperationOptions): Result {
  const monitor = getMonitor();
  return monitor === null ? fn() : monitor.track(name, fn, options);
}

/** See {@link PerformanceMonitor.startOperation}. */
export function startOperation(name: string, options?: OperationOptions): StartedOperation {
  return getMonitor()?.startOperation(name, options) ?? StartedOperation.start(null, name);
}

/** See {@link PerformanceMonitor.tag}. */
export const tag: Of<'tag'> = (tags) => getMonitor()?.tag(tags);

/** See {@link MonitorBudgets.check}. */
export const checkBudget: Of<'budget'>['check'] = (call) => getMonitor()?.budget.check(call);

/** See {@link PerformanceMonitor.recordLLMCall}. */
export const recordLLMCall: Of<'recordLLMCall'> = (record) => getMonitor()?.recordLLMCall(record);

/** See {@link PerformanceMonitor.recordStage}. */
export const recordStage: Of<'recordStage'> = (...args) => getMonitor()?.recordStage(...args);

/** See {@link PerformanceMonitor.recordError}. */
export const recordError: Of<'recordError'> = (...args) => getMonitor()?.recordError(...args);

/** See {@link PerformanceMonitor.recordEvent}. */
export const recordEvent: Of<'recordEvent'> = (event) => getMonitor()?.recordEvent(event);

/** See {@link PerformanceMonitor.recordCache}. */
export const recordCache: Of<'recordCache'> = (...args) => getMonitor()?.recordCache(...args);

/** See {@link PerformanceMonitor.recordQueueDepth}. */
export const recordQueueDepth: Of<'recordQueueDepth'> = (...args: unknown[]) =>
  getMonitor()?.recordQueueDepth(...(args as [string, number]));

/** See {@link PerformanceMonitor.startRequest}. */
export function startRequest(request: RequestBegun): StartedRequest {
  return getMonitor()?.startRequest(request) ?? StartedRequest.start(null, request);
}

/** See {@link PerformanceMonitor.counter}. */
export function counter(name: string, options?: CustomMetricOptions): CounterHandle {
  return getMonitor()?.counter(name, options) ?? { add: () => {} };
}

/** See {@link PerformanceMonitor.gauge}. */
export function gauge(name: string, options?: CustomMetricOptions): GaugeHandle {
  return getMonitor()?.gauge(name, options) ?? { set: () => {} };
}

/** See {@link PerformanceMonitor.distribution}. */
export function distribution(name: string, options?: CustomMetricOptions): DistributionHandle {
  return getMonitor()?.distribution(name, options) ?? { record: () => {} };
}
