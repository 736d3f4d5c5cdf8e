/** A fenced block of code in a page. */
export interface CodeBlock {
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly endLine: number;
  readonly language: string;
  /** Words behind the language: `run` marks an example that the tests run. */
  readonly flags: readonly string[];
  readonly text: string;
}

const fenced = /^(```+)([^\n`]*)\n([^]*?)^\1[ \t]*$/gm;

/** The fenced blocks of a page, in order. */
export function codeBlocks(page: string, markdown: string): CodeBlock[] {
  return [...markdown.matchAll(fenced)].map(({ index, 0: whole, 2: info = '', 3: text = '' }) => {
    const [language = '', ...flags] = info.trim().split(/\s+/);
    const line = lineAt(markdown, index);
    return { page, line, endLine: line + whole.split('\n').length - 1, language, flags, text };
  });
}

/** A page without its fenced blocks; lines stay where they are. */
export function withoutCode(markdown: string): string {
  return markdown.replaceAll(fenced, (whole) => whole.replaceAll(/[^\n]/g, ''));
}

/** Targets of the links and images of a page, outside of code. */
export function linksOf(markdown: string): { target: string; line: number }[] {
  const text = withoutCode(markdown).replaceAll(/`[^`\n]*`/g, (code) => ' '.repeat(code.length));
  return [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(({ index, 1: target = '' }) => ({
    target,
    line: lineAt(text, index),
  }));
}

/** The anchors that a forge gives to the headings of a page. */
export function anchorsOf(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/^#+ +(.+?) *$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
