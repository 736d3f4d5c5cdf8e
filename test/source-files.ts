import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The root of the workspace. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Where the library's sources are, relative to {@link root}. */
export const librarySource = 'libs/nestmeter/src';

/** Files below a folder of the workspace that match, as paths relative to it, sorted. Skips dist and node_modules. */
export function filesBelow(folder: string, pattern: RegExp): string[] {
  const walk = (at: string): string[] =>
    readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
      if (entry.name === 'node_modules' || entry.name === 'dist') return [];
      const path = join(at, entry.name);
      return entry.isDirectory() ? walk(path) : [path];
    });
  const base = join(root, folder);
  return walk(base)
    .map((path) => relative(base, path).split('\\').join('/'))
    .filter((path) => pattern.test(path))
    .toSorted();
}

/** Text of a file of the workspace. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Something that a file imports. */
export interface Import {
  readonly line: number;
  /** As written. */
  readonly specifier: string;
  /** Path below the library's sources with `.ts`, or null for a package. */
  readonly file: string | null;
  readonly typeOnly: boolean;
  /** Loaded when the code that asks for it runs, not with the file. */
  readonly dynamic: boolean;
}

/** A source file of the library. */
export interface SourceFile {
  /** Path below the library's sources. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

/** The library's sources without its specs, parsed. */
export function librarySources(): SourceFile[] {
  return filesBelow(librarySource, /(?<!\.spec|\.d)\.ts$/).map((path) =>
    parseSource(path, textOf(`${librarySource}/${path}`)),
  );
}

/** Parses a file of the library. @param path below the library's sources */
export function parseSource(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const add = (node: ts.Node, specifier: string, { typeOnly = false, dynamic = false } = {}): void => {
    const file = specifier.startsWith('.')
      ? posix.normalize(posix.join(posix.dirname(path), specifier)).replace(/\.js$/, '.ts')
      : null;
    imports.push({ line: lineOf(tree, node), specifier, file, typeOnly, dynamic });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      if (node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier))
        add(node, node.moduleSpecifier.text, { typeOnly: isTypeOnly(node) });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      if (ts.isStringLiteral(node.argument.literal)) add(node, node.argument.literal.text, { typeOnly: true });
    } else if (ts.isCallExpression(node)) {
      const [argument] = node.arguments;
      const loads = node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText(tree) === 'require';
      if (loads && argument !== undefined && ts.isStringLiteral(argument)) add(node, argument.text, { dynamic: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { path, text, tree, imports };
}

/** The line of a node, from 1. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const { namedBindings } = clause;
  return (
    clause.name === undefined &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.every((element) => element.isTypeOnly)
  );
}
