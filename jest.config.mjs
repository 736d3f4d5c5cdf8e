/** Runs the TypeScript sources as ES modules; start it with `npm run jest -- <path or pattern>`. */
export default {
  testEnvironment: '<rootDir>/test/setup/watchful-environment.mjs',
  testMatch: ['<rootDir>/{libs,apps,test}/**/*.spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/libs/[^/]+/dist/'],
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'ts', 'json', 'node'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^nestmeter$': '<rootDir>/libs/nestmeter/src/index.ts',
    '^nestmeter/core$': '<rootDir>/libs/nestmeter/src/core.ts',
    '^nestmeter/express$': '<rootDir>/libs/nestmeter/src/express/index.ts',
    '^nestmeter/koa$': '<rootDir>/libs/nestmeter/src/koa/index.ts',
    // Our sources import `./x.js` and mean `./x.ts`; packages mean what they write, so the exact name goes first.
    '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts'],
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
  },
  testTimeout: 30_000,
  maxWorkers: 2,
  // Node keeps modules loaded through vm; a worker is replaced before that adds up.
  workerIdleMemoryLimit: '768MB',
  collectCoverageFrom: ['libs/*/src/**/*.ts', '!**/*.spec.ts'],
};
