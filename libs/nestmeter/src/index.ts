export * from './core.js';
export {
  PerformanceModule,
  type PerformanceModuleOptions,
  type PerformanceOptionsFactory,
} from './nest/performance.module.js';
