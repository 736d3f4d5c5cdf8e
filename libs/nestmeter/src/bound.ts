import { getMonitor, type PerformanceMonitor } from './monitor.js';
import { StartedOperation, type OperationOptions } from './record/operation.js';

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
