import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { format } from 'node:util';
import { jest } from '@jest/globals';
import ts from 'typescript';
import { builtInFamilies } from '../libs/nestmeter/src/accumulate/families.js';
import { llmOutcomes } from '../libs/nestmeter/src/accumulate/llm-family.js';
import { errorCodes } from '../libs/nestmeter/src/errors.js';
import { optionsSchema } from '../libs/nestmeter/src/options.js';
import { llmErrorCategories } from '../libs/nestmeter/src/record/llm-error.js';
import { planMetrics } from '../libs/nestmeter/src/serve/metric-plan.js';
import { routeTable } from '../libs/nestmeter/src/serve/routes.js';
import { referencePages } from '../scripts/reference/pages.mjs';
import { type PartRow, parts } from './import-table.js';
import { anchorsOf, type CodeBlock, codeBlocks, linksOf, withoutCode } from './markdown.js';
import { filesBelow, root, textOf } from './source-files.js';

const rootPages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].filter((path) =>
  existsSync(join(root, path)),
);
const otherPages = ['docs', 'bench'].flatMap((folder) =>
  existsSync(join(root, folder)) ? filesBelow(folder, /\.md$/).map((path) => `${folder}/${path}`) : [],
);
const pages = [...rootPages, ...otherPages];
const blocks = pages.flatMap((path) => codeBlocks(path, textOf(path)));
const examples = blocks.filter(({ language }) => language === 'ts' || language === 'typescript');

describe('the reference', () => {
  const made = referencePages({
    errorCodes,
    families: builtInFamilies,
    exposed: planMetrics(builtInFamilies, new Set(), {}),
    optionsSchema,
    routes: routeTable,
  });

  it.each(Object.entries(made))('%s is what the code makes; run `npm run docs` and commit it', (name, text) => {
    const path = `docs/reference/${name}`;
    expect(existsSync(join(root, path)) ? textOf(path) : `${path} is missing`).toBe(text);
  });

  it('has no page that nothing makes, but for the guarantees, which test/guarantees.spec.ts holds', () => {
    expect(filesBelow('docs/reference', /./)).toEqual([...Object.keys(made), 'guarantees.md'].toSorted());
  });

  it('says of every option what it does', () => {
    const silent = Object.entries(optionsSchema.shape).filter(([, schema]) => schema.description === undefined);
    expect(silent.map(([name]) => name)).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  it('shows the import table that the tests hold', () => {
    const shown = /<!-- import table -->\n([^]*)<!-- end of import table -->/.exec(textOf('ARCHITECTURE.md'))![1]!;
    const rows = Object.entries<PartRow>(parts).map(([part, { mayImport, typesOf = [], because }]) => {
      const allowed = [...mayImport.map((name) => `\`${name}\``), ...typesOf.map((name) => `types of \`${name}\``)];
      return `| \`${part}\` | ${allowed.join(', ') || 'nothing'}${because === undefined ? '' : `: ${because}`} |`;
    });
    const written = shown
      .trim()
      .split('\n')
      .slice(2)
      .map((line) => line.replaceAll(/ +/g, ' '));
    expect(written).toEqual(rows);
  });
});

describe('the guide to what is recorded', () => {
  const told = [...textOf('docs/guides/llm-records.md').matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!);

  it('tells each outcome and each error category', () => {
    expect(told.toSorted()).toEqual([...llmOutcomes, ...llmErrorCategories].toSorted());
  });
});

describe('every page', () => {
  it('links only to files and headings that exist', () => {
    const broken = pages.flatMap((page) =>
      linksOf(textOf(page)).flatMap(({ target, line }) => {
        if (/^[a-z]+:/.test(target)) return [];
        const [file = '', anchor] = target.split('#');
        const path = file === '' ? page : normalize(join(dirname(page), file));
        if (path.startsWith('..') || !existsSync(join(root, path)))
          return [`${page}:${line} links to ${target}, which does not exist`];
        if (anchor === undefined || !path.endsWith('.md') || anchorsOf(textOf(path)).includes(anchor)) return [];
        return [`${page}:${line} links to ${target}, a heading that does not exist`];
      }),
    );
    expect(broken).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const unknown = pages.flatMap((page) =>
      [...textOf(page).matchAll(/npm (?:run )?(run [\w:-]+|test\b)/g)]
        .map(([, name]) => name!.replace('run ', ''))
        .concat([...textOf(page).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!))
        .filter((name) => !Object.hasOwn(scripts, name))
        .map((name) => `${page} names npm run ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  it('names only environment variables that the code reads', () => {
    const code = ['libs/nestmeter/src', 'apps', 'scripts', 'bench', 'test']
      .filter((folder) => existsSync(join(root, folder)))
      .flatMap((folder) => filesBelow(folder, /\.(m?ts|mjs)$/).map((path) => textOf(`${folder}/${path}`)))
      .join('\n');
    const unknown = pages.flatMap((page) =>
      [...new Set(textOf(page).match(/\b(?!NM_)[A-Z]{2,}(_[A-Z0-9]+)+\b/g))]
        .filter((name) => !new RegExp(`\\b${name}\\b`).test(code))
        .map((name) => `${page} names ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  it('names only routes that exist', () => {
    const known = new Set(['/performance', ...routeTable.map(({ path }) => `/performance${path}`)]);
    const unknown = pages.flatMap((page) =>
      [...textOf(page).matchAll(/\/performance(\/[a-z-]+)*/g)]
        .map(([path]) => path)
        .filter((path) => !known.has(path))
        .map((path) => `${page} names ${path}`),
    );
    expect(unknown).toEqual([]);
  });

  it('names only error codes that exist', () => {
    const unknown = pages.flatMap((page) =>
      [...withoutCode(textOf(page)).matchAll(/\bNM_[A-Z_]+\b/g)]
        .filter(([code]) => !Object.hasOwn(errorCodes, code))
        .map(([code]) => `${page} names ${code}`),
    );
    expect(unknown).toEqual([]);
  });

  it('keeps a decision at 30 lines, with context, choice and price', () => {
    for (const name of filesBelow('docs/decisions', /\.md$/)) {
      const text = textOf(`docs/decisions/${name}`);
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
      expect(text).toMatch(/^# .+\n\n\*\*Context\.\*\* [^]+\n\*\*Choice\.\*\* ?[^]+\n\*\*Price\.\*\*/);
    }
  });
});

describe('every TypeScript example', () => {
  it('compiles against the library', () => {
    expect(problemsOf(examples)).toEqual([]);
  }, 120_000);

  const running = examples.filter(({ flags }) => flags.includes('run'));
  const folder = join(root, 'node_modules/.cache/nestmeter-docs');

  beforeAll(() => mkdirSync(folder, { recursive: true }));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(running.map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s runs and prints what the page says',
    async (where, block) => {
      const file = join(folder, `${where.replaceAll(/\W/g, '-')}.mjs`);
      writeFileSync(file, ts.transpileModule(block.text, { compilerOptions: runOptions }).outputText);
      const printed: string[] = [];
      const log = jest
        .spyOn(console, 'log')
        .mockImplementation((...args: unknown[]) => void printed.push(format(...args)));
      try {
        await import(file);
      } finally {
        log.mockRestore();
      }
      expect(`${printed.join('\n')}\n`).toBe(outputOf(block));
    },
  );
});

/** The block `text` below an example: what it prints. */
function outputOf({ page, endLine }: CodeBlock): string {
  const next = blocks.find((other) => other.page === page && other.line > endLine);
  if (next?.language !== 'text' || next.line > endLine + 2)
    throw new Error(`${page}:${endLine} must be followed by a block \`text\` with what the example prints`);
  return next.text;
}

const runOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ES2022,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
};

/** What the compiler says about examples, each as a module of its own in the test folder, by page and line. */
function problemsOf(modules: readonly CodeBlock[]): string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, 'tsconfig.json'),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: () => {},
    },
  )!;
  const options: ts.CompilerOptions = {
    ...config.options,
    noEmit: true,
    incremental: false,
    tsBuildInfoFile: undefined,
    noUnusedLocals: false,
    noUnusedParameters: false,
    moduleDetection: ts.ModuleDetectionKind.Force,
    types: ['node'],
  };
  const virtual = new Map(modules.map((block, index) => [join(root, 'test', `example-${index}.ts`), block]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => virtual.has(path) || fileExists.call(host, path);
  host.readFile = (path) => virtual.get(path)?.text ?? readFile.call(host, path);
  host.getSourceFile = (path, language, ...rest) => {
    const block = virtual.get(path);
    return block === undefined
      ? getSourceFile.call(host, path, language, ...rest)
      : ts.createSourceFile(path, block.text, language);
  };
  const program = ts.createProgram([...virtual.keys()], options, host);
  return [...virtual].flatMap(([path, block]) => {
    const file = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((problem) => {
      const line = block.line + 1 + file.getLineAndCharacterOfPosition(problem.start ?? 0).line;
      return `${block.page}:${line} ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}`;
    });
  });
}
