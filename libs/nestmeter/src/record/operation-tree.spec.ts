import fc from 'fast-check';
import { Recording } from '../../../../test/fixtures/recording.js';
import { VirtualTime } from '../../../../test/fixtures/virtual-time.js';
import { componentFamily, endpointFamily, operationFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import type { AnyFamily } from '../accumulate/family.js';
import { HttpRequests } from './http-request.js';
import { trackOperation } from './operation.js';
import { PriceTable } from './price/price-table.js';

/** A tracked call: it begins some time after its parent, works for some time, and ends when its children have. */
interface Call {
  readonly kind: 'operation' | 'llm';
  readonly name: string;
  readonly afterMs: number;
  readonly workMs: number;
  readonly tokens: number;
  readonly children: readonly Call[];
}

type Interval = readonly [from: number, to: number];

const { tree } = fc.letrec<{ tree: Call }>((tie) => ({
  tree: fc.record({
    kind: fc.constantFrom('operation', 'operation', 'llm'),
    name: fc.constantFrom('a', 'b', 'c'),
    afterMs: fc.integer({ min: 0, max: 50 }),
    workMs: fc.integer({ min: 0, max: 100 }),
    tokens: fc.integer({ min: 0, max: 1000 }),
    children: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.constant([]),
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
    ),
  }),
}));

const root: fc.Arbitrary<Call> = tree.map((call) => ({ ...call, kind: 'operation', name: 'root', afterMs: 0 }));

function elapsed({ workMs, children }: Call): number {
  return Math.max(workMs, ...children.map((child) => child.afterMs + elapsed(child)));
}

function unionOf(intervals: readonly Interval[]): number {
  let covered = 0;
  let reached = -Infinity;
  for (const [from, to] of [...intervals].sort((a, b) => a[0] - b[0])) {
    covered += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return covered;
}

/** Intervals of the components of an operation, with their names: what is inside an LLM call belongs to it too. */
function componentsOf(call: Call, startMs: number, insideLLM = false): { name: string; interval: Interval }[] {
  return call.children.flatMap((child) => {
    const from = startMs + child.afterMs;
    const interval: Interval = [from, from + elapsed(child)];
    if (child.kind === 'operation') return [{ name: child.name, interval }];
    const inner = componentsOf(child, from, true);
    return insideLLM ? inner : [{ name: 'llm.openai', interval }, ...inner];
  });
}

/** Every call of a tree with the time at which it begins. */
function everyCall(call: Call, startMs = 0): { call: Call; startMs: number }[] {
  return [{ call, startMs }, ...call.children.flatMap((child) => everyCall(child, startMs + child.afterMs))];
}

function hasLLMInside({ children }: Call): boolean {
  return children.some((child) => child.kind === 'llm' || hasLLMInside(child));
}

function sumsBy<T>(items: readonly T[], key: (item: T) => string, value: (item: T) => number): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const item of items) sums[key(item)] = (sums[key(item)] ?? 0) + value(item);
  return sums;
}

async function run(recording: Recording, call: Call): Promise<void> {
  const { recorder, clock } = recording;
  const time = new VirtualTime(clock);
  const method = (of: Call) => async (): Promise<unknown> => {
    const children = of.children.map(async (child) => {
      await time.sleep(child.afterMs);
      await make(child);
    });
    await time.sleep(of.workMs);
    await Promise.all(children);
    return { object: 'chat.completion', choices: [], usage: { prompt_tokens: of.tokens, completion_tokens: 1 } };
  };
  const start = { provider: 'openai', model: 'gpt-4o', operation: 'chat', tags: null };
  const make = (of: Call): Promise<unknown> =>
    of.kind === 'llm'
      ? recorder.llm.track(start, method(of), undefined, [])
      : trackOperation(recorder, of.name, method(of), undefined, []);
  const http = new HttpRequests(recorder, { isExcluded: () => false });
  const request = http.begin({ method: 'GET', path: '/', requestBytes: 0 })!;
  await time.run(request.run(() => make(call)));
  request.end({ route: '/', status: 200, responseBytes: 0, aborted: false });
}

function countersOf(recording: Recording, family: AnyFamily, counter: string): Record<string, number> {
  return Object.fromEntries(
    recording
      .names(family)
      .map((key) => [key.replaceAll('\0', '/'), recording.count(family, key.split('\0'), counter)] as const),
  );
}

describe('any tree of nested and overlapping calls', () => {
  it('adds up: own time and the union of its components are the time of each call', async () => {
    await fc.assert(
      fc.asyncProperty(root, async (call) => {
        const recording = new Recording();
        await run(recording, call);
        recording.close();
        const operations = everyCall(call).filter((each) => each.call.kind === 'operation');
        const own = sumsBy(
          operations,
          (each) => each.call.name,
          (each) =>
            1000 * (elapsed(each.call) - unionOf(componentsOf(each.call, 0).map((component) => component.interval))),
        );
        expect(countersOf(recording, operationFamily, 'own_us')).toEqual(own);
        const covered = sumsBy(
          operations.flatMap(({ call: of }) => {
            const components = componentsOf(of, 0);
            return [...new Set(components.map(({ name }) => name))].map((name) => {
              const intervals = components.filter((each) => each.name === name).map(({ interval }) => interval);
              return { of, name, ms: unionOf(intervals) };
            });
          }),
          ({ of, name }) => `${of.name}/${name}`,
          ({ ms }) => 1000 * ms,
        );
        expect(countersOf(recording, componentFamily, 'covered_us')).toEqual(covered);
      }),
      { numRuns: 150 },
    );
  });

  it('counts tokens and cost of the innermost LLM calls once, at every level around them', async () => {
    await fc.assert(
      fc.asyncProperty(root, async (call) => {
        const prices = { openai: { 'gpt-4o': { inputPerMillion: 2.5, outputPerMillion: 10 } } };
        const recording = new Recording({ prices: new PriceTable({ prices, importGenaiPrices: null }) });
        await run(recording, call);
        recording.close();
        const llmCalls = everyCall(call).filter((each) => each.call.kind === 'llm');
        const innermost = llmCalls.filter((each) => !hasLLMInside(each.call));
        const tokens = innermost.reduce((sum, each) => sum + each.call.tokens, 0);
        const usage = {
          input_tokens: tokens,
          output_tokens: innermost.length,
          cost_nano_usd: 2500 * tokens + 10_000 * innermost.length,
        };
        const counted = (family: AnyFamily, labels: string[]): object =>
          Object.fromEntries(Object.keys(usage).map((counter) => [counter, recording.count(family, labels, counter)]));
        expect(counted(endpointFamily, ['GET', '/'])).toEqual(usage);
        expect(counted(operationFamily, ['root'])).toEqual(usage);
        expect(counted(llmFamily, ['openai', 'gpt-4o', 'chat'])).toEqual(usage);
        expect(recording.count(endpointFamily, ['GET', '/'], 'llm_calls')).toBe(innermost.length);
        expect(recording.count(llmFamily, ['openai', 'gpt-4o', 'chat'], 'calls')).toBe(llmCalls.length);
        const waits = llmCalls.map(({ call: each, startMs }): Interval => [startMs, startMs + elapsed(each)]);
        expect(recording.count(endpointFamily, ['GET', '/'], 'provider_wait_us')).toBe(1000 * unionOf(waits));
      }),
      { numRuns: 150 },
    );
  });
});
