import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { withoutCode } from './markdown.js';
import { root, textOf } from './source-files.js';

const page = 'docs/reference/guarantees.md';
const text = textOf(page);
/** Sections that promise nothing. */
const unproved = ['At a glance', 'What is not promised'];

/** A test that a page names: `- [file](path): title`. */
interface CitedTest {
  readonly line: number;
  readonly file: string;
  readonly title: string;
}

const cited = citedTests(text);

describe('the page of guarantees', () => {
  it('names only tests that exist, by file and title', () => {
    const titles = new Map<string, ReadonlySet<string>>();
    const unknown = cited.flatMap(({ line, file, title }) => {
      if (!existsSync(join(root, file))) return [`${page}:${line} names ${file}, which does not exist`];
      if (!titles.has(file)) titles.set(file, titlesOf(file));
      return titles.get(file)!.has(title) ? [] : [`${page}:${line} names a test of ${file} that it lacks: ${title}`];
    });
    expect(unknown).toEqual([]);
  });

  it('has a test behind each promise', () => {
    const bare = sectionsOf(text).filter(
      (section) => !unproved.includes(section.heading) && citedTests(section.text).length === 0,
    );
    expect(bare.map(({ heading }) => heading)).toEqual([]);
    expect(cited.length).toBeGreaterThan(20);
  });

  it('has each of its promises in the table at its top', () => {
    const [glance] = sectionsOf(text);
    const linked = [...glance!.text.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    const promises = sectionsOf(text).filter(({ heading }) => !unproved.includes(heading));
    expect(linked).toEqual(promises.map(({ heading }) => anchorOf(heading)));
  });

  it('stands behind each line of the promise in the README', () => {
    const promise = sectionsOf(textOf('README.md')).find(({ heading }) => heading === 'What it promises')!;
    const lines = promise.text.split('\n').filter((line) => line.startsWith('- '));
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.filter((line) => !/\]\((docs\/reference\/guarantees\.md#|test\/|libs\/)[^)]*\)/.test(line))).toEqual(
      [],
    );
  });
});

function citedTests(markdown: string): CitedTest[] {
  return markdown.split('\n').flatMap((line, index) => {
    const match = /^- \[[^\]]+\]\(([^)]+\.ts)\): (.+)$/.exec(line);
    return match === null
      ? []
      : [{ line: index + 1, file: normalize(join(dirname(page), match[1]!)), title: match[2]!.trim() }];
  });
}

/** The parts of a page below its headings of the second level. */
function sectionsOf(markdown: string): { heading: string; text: string }[] {
  const [, ...parts] = withoutCode(markdown).split(/^## /m);
  return parts.map((part) => {
    const [heading = '', ...lines] = part.split('\n');
    return { heading: heading.trim(), text: lines.join('\n') };
  });
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

/** Titles of a file's tests and of what they are about; `%s` and `${…}` in them as they are written. */
function titlesOf(file: string): Set<string> {
  const titles = new Set<string>();
  const tree = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ['it', 'describe'].includes(rootOf(node.expression))) {
      const [first] = node.arguments;
      if (first !== undefined && ts.isStringLiteralLike(first)) titles.add(first.text);
      if (first !== undefined && ts.isTemplateExpression(first)) titles.add(first.getText(tree).slice(1, -1));
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return titles;
}

/** `it` of `it.each(rows)`. */
function rootOf(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  const isPart = ts.isPropertyAccessExpression(expression) || ts.isCallExpression(expression);
  return isPart ? rootOf(expression.expression) : '';
}
