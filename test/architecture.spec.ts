import ts from 'typescript';
import { anyInDeclarations, codeLines, exportedDeclarations, hasDocComment } from './declarations.js';
import {
  anywhere,
  edgeMayImport,
  edges,
  entries,
  joining,
  packages,
  type PartRow,
  parts,
  surfaces,
} from './import-table.js';
import {
  filesBelow,
  librarySource,
  librarySources,
  lineOf,
  parseSource,
  type SourceFile,
  textOf,
} from './source-files.js';

const sources = librarySources();
const rows: Readonly<Record<string, PartRow>> = parts;
const folders = [...Object.keys(parts), ...Object.keys(edges)];

/** The part that a file of the library belongs to: its folder, or its stem at the root. */
const partOf = (path: string): string => path.split('/')[0]!.replace(/\.ts$/, '');
const stemOf = (path: string): string => path.replace(/\.ts$/, '');

/** Whether a list of parts and files, such as `query` and `store/levels`, names a file. */
function names(list: readonly string[], path: string): boolean {
  return list.includes(partOf(path)) || list.includes(stemOf(path));
}

/** What a file may import; null when everything. */
function rowOf(path: string): PartRow | null {
  const part = partOf(path);
  if (part in edges) return { mayImport: edgeMayImport };
  if (names(joining, path)) return { mayImport: [...joining, ...Object.keys(parts)] };
  if (names(anywhere, path)) return { mayImport: [] };
  return rows[part] ?? null;
}

/** Every import of a file that the table does not allow, as `file:line imports what; allowed is what`. */
function forbiddenImports(source: SourceFile): string[] {
  const { path } = source;
  if (names(surfaces, path)) return [];
  const row = rowOf(path);
  if (row === null) return [`${path}:1 is in no row of the table; add ${partOf(path)} to test/import-table.ts`];
  const { mayImport, typesOf = [] } = row;
  return source.imports.flatMap(({ file, line, typeOnly }) => {
    if (file === null || partOf(file) === partOf(path) || names(anywhere, file) || names(mayImport, file)) return [];
    if (typeOnly && names(typesOf, file)) return [];
    const allowed = [...mayImport, ...typesOf.map((part) => `types of ${part}`)].join(', ') || 'nothing';
    return [`${path}:${line} imports ${file}; ${partOf(path)} may import ${allowed}`];
  });
}

function forbiddenPackages({ path, imports }: SourceFile): string[] {
  const own: readonly string[] = edges[partOf(path) as keyof typeof edges] ?? [];
  return imports.flatMap(({ file, line, specifier }) => {
    if (file !== null || own.some((name) => specifier.startsWith(name))) return [];
    const known = Object.keys(packages).find(
      (name) => specifier === name || (name.endsWith(':') && specifier.startsWith(name)),
    );
    const allowed = known === undefined ? [] : packages[known]!;
    if (allowed.some((place) => (place.endsWith('*') ? path.startsWith(place.slice(0, -1)) : path === place)))
      return [];
    return [`${path}:${line} imports ${specifier}, which may be imported in ${allowed.join(', ') || 'no such file'}`];
  });
}

describe('architecture', () => {
  it('knows every folder of the library', () => {
    const unknown = sources
      .map(({ path }) => path)
      .filter((path) => path.includes('/') && !folders.includes(partOf(path)));
    expect(unknown).toEqual([]);
  });

  it('lets each part import only what the table allows', () => {
    expect(sources.flatMap(forbiddenImports)).toEqual([]);
  });

  it('imports each package only where the table says', () => {
    expect(sources.flatMap(forbiddenPackages)).toEqual([]);
  });

  it('declares every package that it imports, as a dependency or a peer', () => {
    const manifest = JSON.parse(textOf('libs/nestmeter/package.json')) as Record<string, Record<string, string>>;
    const declared = Object.keys({ ...manifest['dependencies'], ...manifest['peerDependencies'] });
    const undeclared = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ file, specifier, typeOnly }) => file === null && !specifier.startsWith('node:') && !typeOnly)
        .filter(({ specifier }) => !declared.some((name) => specifier === name || specifier.startsWith(`${name}/`)))
        .map(({ line, specifier }) => `${path}:${line} imports ${specifier}`),
    );
    expect(undeclared).toEqual([]);
  });

  it('fails with the offending line', () => {
    const wrong = parseSource(
      'accumulate/tally.ts',
      "import type { Tier } from '../time-slot.js';\nimport '../query/plan.js';",
    );
    expect(forbiddenImports(wrong)).toEqual([
      'accumulate/tally.ts:2 imports query/plan.ts; accumulate may import nothing',
    ]);
    const loud = parseSource('query/plan.ts', "const { Redis } = await import('ioredis');");
    expect(forbiddenPackages(loud)).toEqual([
      'query/plan.ts:1 imports ioredis, which may be imported in store/redis-*',
    ]);
    const contract = parseSource('publish/outbox.ts', "export * from '../store/memory-store.js';");
    expect(forbiddenImports(contract)).toHaveLength(1);
    const value = parseSource('serve/live.ts', "import { FamilyState } from '../accumulate/family-state.js';");
    expect(forbiddenImports(value)).toHaveLength(1);
  });

  it.each(Object.entries(entries))('loads %s without any optional package but its own', (entry, needed) => {
    const { dependencies } = JSON.parse(textOf('libs/nestmeter/package.json')) as { dependencies: object };
    const fine = (name: string) =>
      ['node:', ...Object.keys(dependencies), ...needed].some((known) => name.startsWith(known));
    expect(packagesLoadedBy(entry).filter((name) => !fine(name))).toEqual([]);
  });

  it('awaits nothing while it is loaded, so that CommonJS can require it', () => {
    const awaiting = sources.flatMap(({ path, tree }) => {
      const found: string[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isFunctionLike(node)) return;
        if (ts.isAwaitExpression(node)) found.push(`${path}:${lineOf(tree, node)}`);
        ts.forEachChild(node, visit);
      };
      visit(tree);
      return found;
    });
    expect(awaiting).toEqual([]);
  });

  it('has no cycle between its folders', () => {
    const imported = new Map<string, Set<string>>();
    for (const { path, imports } of sources) {
      if (names(surfaces, path)) continue;
      const of = imported.get(partOf(path)) ?? new Set();
      imported.set(partOf(path), of);
      for (const { file } of imports) if (file !== null && partOf(file) !== partOf(path)) of.add(partOf(file));
    }
    // The files that join the parts are one unit here; lint/import/no-cycle looks at single files.
    const cycles = folders.flatMap((folder) => {
      const way = pathBack(imported, folder);
      return way === null ? [] : [way.join(' → ')];
    });
    expect(cycles).toEqual([]);
  });

  it('has no catch-all files and no barrels but the entry points', () => {
    const catchAll = /(^|\/)(utils?|helpers?|types?|constants?|commons?|shared|misc)(\/|\.ts$)/;
    const barrels = sources.filter(({ path }) => /(^|\/)index\.ts$/.test(path) && !Object.hasOwn(entries, path));
    expect(sources.filter(({ path }) => catchAll.test(path)).map(({ path }) => path)).toEqual([]);
    expect(barrels.map(({ path }) => path)).toEqual([]);
  });

  it('keeps every file at 300 lines or fewer, not counting blank ones and comments', () => {
    const long = sources
      .map((source) => ({ path: source.path, lines: codeLines(source) }))
      .filter(({ lines }) => lines > 300);
    expect(long.map(({ path, lines }) => `${path} has ${lines} lines of code`)).toEqual([]);
  });

  it('says of every exported declaration what it is', () => {
    const silent = sources.flatMap(({ path, tree }) =>
      exportedDeclarations(tree)
        .filter(({ node }) => !hasDocComment(node))
        .map(({ node, name }) => `${path}:${lineOf(tree, node)} exports ${name} without a doc comment`),
    );
    expect(silent).toEqual([]);
  });

  it('exports no type that is or contains any', () => {
    expect(anyInDeclarations()).toEqual([]);
  }, 120_000);

  it('reads the environment in options, for NODE_ENV in access, and for secrets that options refer to only', () => {
    const allowed = ['options.ts', 'serve/access.ts', 'alert/channel/secret-reference.ts'];
    const readers = sources.flatMap(({ path, tree }) => {
      const lines: string[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isPropertyAccessExpression(node) && node.getText(tree) === 'process.env')
          lines.push(`${path}:${lineOf(tree, node)}`);
        ts.forEachChild(node, visit);
      };
      visit(tree);
      return lines.filter(() => !allowed.includes(path));
    });
    expect(readers).toEqual([]);
  });

  it('gives the page nothing but types, so that page and routes cannot drift apart nor share code', () => {
    const values = pageSources().flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier, typeOnly }) => specifier.includes('nestmeter/src') && !typeOnly)
        .map(({ line, specifier }) => `${path}:${line} imports ${specifier}`),
    );
    expect(values).toEqual([]);
    const used = new Set(
      pageSources().flatMap(({ imports }) =>
        imports.flatMap(({ file, specifier }) => (file === null ? [specifier] : [])),
      ),
    );
    expect([...used].toSorted()).toEqual([
      '@preact/signals',
      'preact',
      'preact/hooks',
      'uplot',
      'uplot/dist/uPlot.min.css',
      'zod',
    ]);
  });

  it('lets the page set text and never markup', () => {
    const markup =
      /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function/;
    expect(pageSources().flatMap(({ path, text }) => (markup.test(text) ? [path] : []))).toEqual([]);
  });

  it('opens every Lua script with what it does, KEYS, ARGV, what it returns and its cost', () => {
    for (const path of filesBelow(librarySource, /\.lua$/)) {
      const head = textOf(`${librarySource}/${path}`).split(/\n(?!--)/)[0]!;
      for (const part of [/^-- [A-Z].*\./, /KEYS +1/, /ARGV +1/, /returns /, /^-- O\(.+\)/m])
        expect(`${path}: ${head}`.replace(/^\S+ /, '')).toMatch(part);
    }
  });
});

/** The sources of the page without its specs, parsed. */
function pageSources(): SourceFile[] {
  return filesBelow('libs/dashboard/src', /(?<!\.spec)\.tsx?$/).map((path) =>
    parseSource(path, textOf(`libs/dashboard/src/${path}`)),
  );
}

/** Packages that are loaded together with a file, through whatever it imports. */
function packagesLoadedBy(entry: string): string[] {
  const loaded = new Set<string>();
  const files = new Set([entry]);
  for (const path of files)
    for (const { file, specifier, typeOnly, dynamic } of sources.find((source) => source.path === path)?.imports ??
      []) {
      if (typeOnly || dynamic) continue;
      if (file === null) loaded.add(specifier);
      else files.add(file);
    }
  return [...loaded].toSorted();
}

/** The way from a part back to itself, or null. */
function pathBack(imported: ReadonlyMap<string, ReadonlySet<string>>, from: string): string[] | null {
  const seen = new Set<string>();
  const search = (at: string, way: string[]): string[] | null => {
    for (const next of imported.get(at) ?? []) {
      if (next === from) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = search(next, [...way, next]);
      if (found !== null) return found;
    }
    return null;
  };
  return search(from, [from]);
}
