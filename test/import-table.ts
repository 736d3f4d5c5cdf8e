/*
 * Which part of the library may import which. test/architecture.spec.ts holds the code to it, test/docs.spec.ts holds
 * ARCHITECTURE.md to it. A part is a folder of libs/nestmeter/src, or a file at its root by its stem.
 */

/** What a part may import besides itself and {@link anywhere}. */
export interface PartRow {
  /** Parts, or single files of them such as `store/levels`. */
  readonly mayImport: readonly string[];
  /** Parts or files of which only types may be imported. */
  readonly typesOf?: readonly string[];
  /** Why the row allows more than its place on the way of the data says. */
  readonly because?: string;
}

/** Root files without a place on the way of the data: every part may import them. */
export const anywhere = ['clock', 'time-slot', 'errors', 'money'] as const;

/** The contract between a replica and what replicas share: all that other parts see of `store/`. */
const storeContract = ['store/store', 'store/upkeep', 'store/folded-state', 'store/gap', 'store/levels'] as const;

/** The parts in the order of the way of the data. */
export const parts = {
  accumulate: { mayImport: [] },
  record: { mayImport: ['accumulate'] },
  store: { mayImport: ['accumulate'] },
  publish: { mayImport: ['accumulate', ...storeContract] },
  keeper: { mayImport: ['accumulate', ...storeContract] },
  query: { mayImport: ['accumulate', ...storeContract] },
  report: {
    mayImport: ['query', 'accumulate', ...storeContract],
    because:
      'a report names the family that it reads and the columns of its meters, and takes current levels from the beats',
  },
  alert: { mayImport: ['query', 'report', ...storeContract, 'store/shared-document'] },
  budget: { mayImport: ['query', 'report', ...storeContract, 'store/shared-document'] },
  config: { mayImport: ['query', 'report', ...storeContract] },
  serve: {
    mayImport: ['report', 'alert', 'budget', 'config', 'query/window'],
    typesOf: ['accumulate', 'query'],
    because: '`MonitorView` declares what the monitor hands to handlers: families, lifetime states, windows',
  },
} as const satisfies Record<string, PartRow>;

/** The root files that join the parts: they may import all of them and each other. */
export const joining = [
  'monitor',
  'monitor-parts',
  'monitor-life',
  'self-description',
  'sampling',
  'alerting',
  'storing',
  'budgeting',
  'monitor-budgets',
  'reports',
  'view',
  'bound',
  'options',
  'option-problem',
  'log',
  'version',
] as const;

/** The folders that know a framework, with the packages that nobody else may import. */
export const edges = {
  nest: ['@nestjs/', 'rxjs', 'reflect-metadata'],
  express: ['express', 'express-serve-static-core'],
  koa: ['koa'],
  websocket: ['ws'],
} as const;

/** Folders and files that an edge may import. */
export const edgeMayImport = ['core', ...joining, 'record', 'serve'] as const;

/** The public entry points, with the optional packages that must be installed to load them. The only barrels. */
export const entries: Readonly<Record<string, readonly string[]>> = {
  'index.ts': ['@nestjs/', 'rxjs', 'reflect-metadata'],
  'core.ts': [],
  'express/index.ts': [],
  'koa/index.ts': [],
  'websocket/index.ts': ['ws'],
};

/** The entry points at the root, which import whatever they export. */
export const surfaces = ['index', 'core'] as const;

/** Packages outside the edges, with the files that may import them; a trailing `*` stands for anything. */
export const packages: Readonly<Record<string, readonly string[]>> = {
  'node:': ['*'],
  zod: ['*'],
  msgpackr: ['accumulate/encoded-state.ts'],
  'prom-client': ['serve/*', 'options.ts'],
  ioredis: ['store/redis-*'],
  '@pydantic/genai-prices': ['record/price/*'],
  '@opentelemetry/api': ['record/*'],
};
