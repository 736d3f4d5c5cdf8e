export * from './core.js';
export { BudgetGuard } from './nest/budget.guard.js';
export {
  PerformanceModule,
  type PerformanceModuleOptions,
  type PerformanceOptionsFactory,
} from './nest/performance.module.js';
