/** Runs the TypeScript sources as ES modules; start it with `npm run jest -- <path or pattern>`. */
export default {
  testEnvironment: '<rootDir>/test/setup/watchful-environment.mjs',
  testMatch: ['<rootDir>/{libs,apps,test}/**/*.spec.{ts,tsx}'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/libs/[^/]+/dist/', '<rootDir>/libs/nestmeter/dashboard/'],
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'ts', 'tsx', 'json', 'node'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  moduleNameMapper: {
    '^nestmeter$': '<rootDir>/libs/nestmeter/src/index.ts',
    '^nestmeter/core$': '<rootDir>/libs/nestmeter/src/core.ts',
    '^nestmeter/express$': '<rootDir>/libs/nestmeter/src/express/index.ts',
    '^nestmeter/koa$': '<rootDir>/libs/nestmeter/src/koa/index.ts',
    '^nestmeter/websocket$': '<rootDir>/libs/nestmeter/src/websocket/index.ts',
    // Our sources import `./x.js` and mean `./x.ts`; packages mean what they write, so the exact name goes first.
    '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts', '$1.tsx'],
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
    // The page is made with Preact.
    '^.+\\.tsx$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic', importSource: 'preact' } },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testTimeout: 30_000,
  maxWorkers: 2,
  // Node keeps modules loaded through vm; a worker is replaced before that adds up.
  workerIdleMemoryLimit: '768MB',
  // Freeing such a heap takes a busy machine longer than the half second after which jest would speak of a leak.
  workerGracefulExitTimeout: 10_000,
  collectCoverageFrom: ['libs/*/src/**/*.{ts,tsx}', '!**/*.spec.{ts,tsx}'],
};
