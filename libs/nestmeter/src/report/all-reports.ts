import { cacheReport } from './cache.js';
import { endpointsReport } from './endpoints.js';
import { eventsReport } from './events.js';
import { memoryReport } from './memory.js';
import { operationsReport } from './operations.js';
import { providersReport } from './providers.js';
import { queuesReport } from './queues.js';
import { realTimeReport } from './real-time.js';
import { stagesReport } from './stages.js';
import { usageReport } from './usage.js';

/** Every report by its name: that of the method in process, and in kebab-case of the route. */
export const allReports = {
  realTime: realTimeReport,
  providers: providersReport,
  endpoints: endpointsReport,
  operations: operationsReport,
  stages: stagesReport,
  usage: usageReport,
  cache: cacheReport,
  queues: queuesReport,
  events: eventsReport,
  memory: memoryReport,
} as const;

/** See {@link allReports}. */
export type AllReports = typeof allReports;
