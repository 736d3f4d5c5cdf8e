import ts from 'typescript';
import { lineOf, root, type SourceFile } from './source-files.js';

/** Lines that hold anything but blanks and comments, as the linter counts them. */
export function codeLines({ tree, text }: SourceFile): number {
  const lines = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (node.getChildCount(tree) > 0) return node.getChildren(tree).forEach(visit);
    if (node.kind === ts.SyntaxKind.EndOfFileToken || ts.isJSDoc(node)) return;
    const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
    const last = tree.getLineAndCharacterOfPosition(Math.min(node.getEnd(), text.length)).line;
    for (let line = first; line <= last; line++) lines.add(line);
  };
  tree.statements.forEach(visit);
  return lines.size;
}

/** Declarations that a file exports; of overloads the first one. Entry points only pass on. */
export function exportedDeclarations(tree: ts.SourceFile): { node: ts.Node; name: string }[] {
  const found: { node: ts.Node; name: string }[] = [];
  for (const statement of tree.statements) {
    if (!ts.canHaveModifiers(statement)) continue;
    if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    const name = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map((declaration) => declaration.name.getText(tree)).join(', ')
      : ((statement as ts.DeclarationStatement).name?.getText(tree) ?? 'default');
    if (!found.some((known) => known.name === name)) found.push({ node: statement, name });
  }
  return found;
}

/** Whether a declaration says what it is. */
export function hasDocComment(node: ts.Node): boolean {
  return ts.getJSDocCommentsAndTags(node).some((doc) => ts.isJSDoc(doc) && doc.comment !== undefined);
}

/** Every `any` in the declarations that the compiler makes of the library: what users of its types would meet. */
export function anyInDeclarations(): string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    `${root}/libs/nestmeter/tsconfig.lib.json`,
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: () => {},
    },
  )!;
  const options = { ...config.options, emitDeclarationOnly: true, sourceMap: false, inlineSources: false };
  const program = ts.createProgram(
    config.fileNames.filter((name) => !name.endsWith('.spec.ts')),
    options,
  );
  const found: string[] = [];
  program.emit(
    undefined,
    (path, text) => {
      const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
      const visit = (node: ts.Node): void => {
        if (node.kind === ts.SyntaxKind.AnyKeyword) {
          const line = text.split('\n')[lineOf(tree, node) - 1]!.trim();
          found.push(`${path.replace(/^.*\/dist\//, '')}: ${line.slice(0, 160)}`);
        }
        ts.forEachChild(node, visit);
      };
      visit(tree);
    },
    undefined,
    true,
  );
  return found;
}
