import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expectedReport } from '../fixtures/corpus/expected-report.js';
import { corpusCells, rowName, type CorpusProvider } from '../fixtures/corpus/row.js';
import type { RowResult } from '../fixtures/corpus/run-row.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../fixtures/corpus/run.mjs', import.meta.url));

/** Files of `test/fixtures/corpus`. */
const names = [
  'anthropic',
  'anthropic-beta',
  'azure-openai',
  'bedrock',
  'cerebras',
  'cohere',
  'google',
  'google-answers',
  'google-interactions',
  'groq',
  'langchain',
  'mistral',
  'mistral-conversations',
  'ollama',
  'openai',
  'openai-compatible',
  'openai-others',
  'openai-responses',
  'vercel-ai',
  'vercel-ai-results',
] as const;

const providers: [name: string, corpus: CorpusProvider][] = [];
for (const name of names) {
  const { corpus } = (await import(`../fixtures/corpus/${name}.ts`)) as { corpus: CorpusProvider };
  providers.push([name, corpus]);
}

/** Readers of shapes that copy OpenAI's, which knows them too and stands behind. */
const copies = new Set(['groq', 'mistral']);

/** Timers of Node may fire this much early by the clock that measures. */
const earlyTimersMs = 2;

/** File → row → what became of its call. */
let allResults: Readonly<Record<string, Readonly<Record<string, RowResult>>>>;

beforeAll(async () => {
  const { stdout } = await run(process.execPath, [script, ...names], { maxBuffer: 2 ** 26, timeout: 100_000 });
  // What SDKs print stands before.
  allResults = JSON.parse(stdout.trim().split('\n').at(-1)!) as typeof allResults;
}, 120_000);

describe.each(providers)('the corpus of %s', (name, corpus) => {
  it('has each cell, or says why this SDK cannot have it or where it is', () => {
    const rows = new Set(corpus.rows.map(({ cell }) => cell));
    const isElsewhere = (names as readonly (string | undefined)[]).includes(corpus.cellsIn);
    const missing = corpusCells.filter(
      (cell) => !rows.has(cell) && !isElsewhere && corpus.impossible?.[cell] === undefined,
    );
    expect(missing).toEqual([]);
  });

  it('names each row once', () => {
    const rowNames = corpus.rows.map(rowName);
    expect(new Set(rowNames).size).toBe(rowNames.length);
  });

  it('has one reader for each answer, or a copy of OpenAI before OpenAI itself', () => {
    const shared = corpus.rows.filter(({ expected: { readers } }) => readers.length > 1);
    expect(shared.filter(({ expected: { readers } }) => !copies.has(readers[0]!))).toEqual([]);
    expect(shared.filter(({ expected: { readers } }) => readers.slice(1).join() !== 'openai-chat')).toEqual([]);
  });

  describe.each(corpus.rows.map((row) => [rowName(row), row] as const))('%s', (named, row) => {
    it('is read and classified', () => {
      const { readers, answer, firstContentItem, terminal, failure, attempts } = row.expected;
      const { reported: _, ...known } = allResults[name]![named]!;
      expect(known).toEqual({ observed: { readers, answer, firstContentItem, terminal, failure }, attempts });
    });

    it('is reported with its outcome, retries, tokens and cost', () => {
      const { firstTokenMs: _, durationMs: __, warnings, ...reported } = allResults[name]![named]!.reported;
      expect(reported).toEqual(expectedReport(corpus, row));
      const { warning } = row.expected;
      const warned = warning === undefined ? [] : [warning];
      expect(warnings).toEqual(warned.map((part): unknown => expect.stringContaining(part)));
    });

    it('is reported with its first token', () => {
      const { firstTokenMs, durationMs } = allResults[name]![named]!.reported;
      const { firstContentItem, firstToken } = row.expected;
      expect(firstTokenMs !== null).toBe(firstContentItem != null);
      if (firstToken === undefined) return;
      expect(firstTokenMs).toBeGreaterThan(firstToken.afterMs - earlyTimersMs);
      expect(durationMs! - firstTokenMs!).toBeGreaterThan(firstToken.beforeEndMs - earlyTimersMs);
    });
  });
});
