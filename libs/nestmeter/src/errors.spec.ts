import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCodes, invalidOption, isNotInstalled, NestmeterError, shown } from './errors.js';

describe('NestmeterError', () => {
  it('carries its code, message, name and cause', () => {
    const cause = new Error('connection refused');
    const error = new NestmeterError({ code: 'NM_STORE_UNREACHABLE', message: 'The store is gone.', cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'NestmeterError',
      code: 'NM_STORE_UNREACHABLE',
      message: 'The store is gone.',
    });
    expect(error.cause).toBe(cause);
  });

  it('has no cause unless one is given', () => {
    expect(new NestmeterError({ code: 'NM_NOT_FOUND', message: 'Nothing here.' })).not.toHaveProperty('cause');
  });
});

describe('errorCodes', () => {
  it('is frozen and gives every code one sentence of meaning and one of help', () => {
    expect(Object.isFrozen(errorCodes)).toBe(true);
    for (const { meaning, whatToDo } of Object.values(errorCodes)) {
      expect(meaning).toMatch(/^[A-Z][^\n]*\.$/);
      expect(whatToDo).toMatch(/^[A-Z][^\n]*\.$/);
    }
  });
});

describe('isNotInstalled', () => {
  /** Packages as they lie in a folder, by the text of their index.js; null for one that lacks it. */
  const packages: Readonly<Record<string, string | null>> = {
    'lacks-another': "import 'absent';",
    'lacks-another-cjs': "require('absent');",
    'lacks-itself': null,
    throws: "throw Object.assign(new Error(\"Cannot find package 'throws'\"), { code: 'EACCES' });",
  };
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nestmeter-packages-'));
    for (const [name, text] of Object.entries(packages)) {
      const type = name.endsWith('cjs') ? 'commonjs' : 'module';
      const place = join(folder, 'node_modules', name);
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, 'package.json'), JSON.stringify({ name, type, main: 'index.js' }));
      if (text !== null) writeFileSync(join(place, 'index.js'), text);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What Node throws for a package in a process of its own: here the tests load modules. */
  function thrownFor(name: string, how: 'import' | 'require'): unknown {
    const load = how === 'import' ? 'import(name)' : 'Promise.resolve().then(() => require(name))';
    const code = `const name = ${JSON.stringify(name)}; ${load}.catch(({ code, message }) => console.log(JSON.stringify({ code, message })))`;
    return JSON.parse(execFileSync(process.execPath, ['-e', code], { cwd: folder, encoding: 'utf8' }));
  }

  it.each<[string, 'import' | 'require']>([
    ['absent', 'import'],
    ['absent', 'require'],
    ['@scope/absent', 'import'],
    ['@scope/absent', 'require'],
  ])('tells that %s is not there (%s)', (name, how) => {
    expect(isNotInstalled(thrownFor(name, how), name)).toBe(true);
  });

  it('tells it from what Plug’n’Play of Yarn throws, by the name of what is missing', () => {
    const words = 'shop tried to access ioredis (a peer dependency) but it isn’t provided by its ancestors';
    const error = Object.assign(new Error(words), { code: 'MODULE_NOT_FOUND', data: { dependencyName: 'ioredis' } });
    expect([isNotInstalled(error, 'ioredis'), isNotInstalled(error, 'other')]).toEqual([true, false]);
  });

  it.each<[string, 'import' | 'require']>([
    ['lacks-another', 'import'],
    ['lacks-another-cjs', 'import'],
    ['lacks-another-cjs', 'require'],
    ['lacks-itself', 'import'],
    ['throws', 'import'],
  ])('tells that %s is there and cannot be loaded (%s)', (name, how) => {
    expect(isNotInstalled(thrownFor(name, how), name)).toBe(false);
  });

  it.each([[null], [undefined], ['text'], [new TypeError('no code')]])('is false for %p', (error) => {
    expect(isNotInstalled(error, 'absent')).toBe(false);
  });
});

describe('invalidOption', () => {
  it('says what must be what, what it got and what to do', () => {
    const error = invalidOption([{ path: 'slotSeconds', rule: 'a whole number of seconds from 1 to 60', got: -5 }]);
    expect(error.code).toBe('NM_OPTION_INVALID');
    expect(error.message).toBe(
      'slotSeconds must be a whole number of seconds from 1 to 60, got -5. Correct the option.',
    );
  });

  it('lists all problems at once', () => {
    const error = invalidOption([
      { path: 'prefix', rule: 'a path', got: '' },
      { path: 'redis.url', rule: 'an address', got: undefined },
    ]);
    expect(error.message).toBe(
      '2 options are wrong. Correct them:\n- prefix must be a path, got "".\n- redis.url must be an address, got undefined.',
    );
  });
});

describe('shown', () => {
  it('shows any value in one short line without throwing', () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    expect([Number.NaN, -Infinity, null, 1n, Symbol('s'), 'a\nb', () => 1, circular, { a: 1 }].map(shown)).toEqual([
      'NaN',
      '-Infinity',
      'null',
      '1n',
      'Symbol(s)',
      '"a\\nb"',
      'a function',
      'an object',
      '{"a":1}',
    ]);
    expect(shown('x'.repeat(10_000))).toHaveLength(81);
  });

  it('hides the password of an address', () => {
    expect(shown('redis://user:hunter2@cache:6379')).toBe('"redis://***@cache:6379"');
  });
});
