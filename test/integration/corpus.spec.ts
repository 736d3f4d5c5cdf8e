import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { corpusCells, rowName, type CorpusOutcome, type CorpusProvider } from '../fixtures/corpus/row.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../fixtures/corpus/run.mjs', import.meta.url));

/** Files of `test/fixtures/corpus`. */
const names = [
  'anthropic',
  'anthropic-beta',
  'bedrock',
  'cerebras',
  'cohere',
  'google',
  'google-embeddings',
  'groq',
  'langchain',
  'mistral',
  'ollama',
  'openai',
  'openai-compatible',
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

describe.each(providers)('the corpus of %s', (name, corpus) => {
  let outcomes: Readonly<Record<string, CorpusOutcome>>;

  beforeAll(async () => {
    const { stdout } = await run(process.execPath, [script, name], { maxBuffer: 2 ** 26, timeout: 100_000 });
    // What SDKs print stands before.
    outcomes = JSON.parse(stdout.trim().split('\n').at(-1)!) as typeof outcomes;
  }, 120_000);

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

  it.each(corpus.rows.map((row) => [rowName(row), row] as const))('knows all of: %s', (rowNamed, { expected }) => {
    // Cost and times are known where calls are recorded.
    const { costUsd: _, firstTokenMs: __, ...known } = expected;
    expect(outcomes[rowNamed]).toEqual(known);
  });
});
