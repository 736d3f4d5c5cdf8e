import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { callName, guideCalls, guideEnvironment, rowOf, type GuideCall } from './fixtures/guide/guide-calls.js';
import type { GuideResult, GuideResults } from './fixtures/guide/run-guide.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('fixtures/guide/run.mjs', import.meta.url));

describe('the guide to LLM calls, run with the real SDKs', () => {
  let results: GuideResults;

  beforeAll(async () => {
    const { stdout } = await run(process.execPath, [script], {
      env: { PATH: process.env['PATH'], ...guideEnvironment },
      maxBuffer: 2 ** 26,
      timeout: 100_000,
    });
    // What SDKs print stands before.
    results = JSON.parse(stdout.trim().split('\n').at(-1)!) as GuideResults;
  }, 120_000);

  it('has no method that is not called here', () => {
    expect([...new Set(results.methods)].toSorted()).toEqual(
      [...new Set(guideCalls.map(({ method }) => method))].toSorted(),
    );
  });

  it.each(guideCalls.map((call) => [callName(call), call] as const))(
    'reports %s with provider, model, tokens and outcome',
    async (named, call) => {
      expect(results.calls[named]).toEqual(await expectedOf(call));
    },
  );
});

async function expectedOf(call: GuideCall): Promise<GuideResult> {
  const { host, asks, provider, model } = call;
  const { outcome, answer, terminal } = (await rowOf(call)).expected;
  return {
    host,
    asked: expect.objectContaining(asks ?? {}),
    provider,
    model: answer.model ?? model ?? 'unknown',
    calls: 1,
    outcomes: { [outcome]: 1 },
    streamed: terminal === undefined ? 0 : 1,
    hasFirstToken: terminal !== undefined,
    inputTokens: answer.inputTokens ?? null,
    outputTokens: answer.outputTokens ?? null,
    retries: 0,
  };
}
