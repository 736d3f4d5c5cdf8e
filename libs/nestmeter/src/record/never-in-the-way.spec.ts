import { Recording } from '../../../../test/fixtures/recording.js';
import { componentFamily, endpointFamily, operationFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import type { AnyFamily } from '../accumulate/family.js';
import { recordCache } from './by-hand.js';
import { CustomMetrics } from './custom-metric.js';
import { TrackLLMCall, TrackOperation } from './decorators.js';
import { HttpRequests } from './http-request.js';
import { recordLLMCall } from './llm-record.js';
import { StartedOperation } from './operation.js';
import { StartedRequest } from './started-request.js';

const answer = { object: 'chat.completion', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } };
const failure = new Error('the application failed');

class Service {
  @TrackOperation('plain')
  plain(value: unknown): unknown {
    return value;
  }

  @TrackOperation('promise')
  async promise(value: unknown): Promise<unknown> {
    return this.llm(value);
  }

  @TrackLLMCall({ provider: 'openai', tags: { tenant: 'acme' } })
  async llm(value: unknown): Promise<unknown> {
    return value;
  }

  @TrackOperation('failing')
  failing(): never {
    throw failure;
  }

  @TrackLLMCall({ provider: 'openai' })
  async rejecting(): Promise<never> {
    throw failure;
  }

  @TrackLLMCall({ provider: 'openai' })
  async *stream(): AsyncGenerator<number> {
    yield 1;
    yield 2;
  }
}

/** Does everything that an application does, and says whether it went as if nothing was measured. */
async function useEverything(recording: Recording): Promise<void> {
  const { recorder } = recording;
  const service = new Service();
  const http = new HttpRequests(recorder, { isExcluded: () => false });
  const request = http.begin({ method: 'GET', path: '/', requestBytes: 0 });
  const inside = request === null ? <R>(code: () => R): R => code() : request.run.bind(request);
  await inside(async () => {
    expect(service.plain(answer)).toBe(answer);
    expect(await service.promise(answer)).toBe(answer);
    expect(() => service.failing()).toThrow(failure);
    await expect(service.rejecting()).rejects.toBe(failure);
    const seen: number[] = [];
    for await (const value of service.stream()) seen.push(value);
    expect(seen).toEqual([1, 2]);
  });
  request?.end({ route: '/', status: 200, responseBytes: 0, aborted: false });
  expect(http.active).toBe(0);
  const started = StartedOperation.start(recorder, 'job');
  expect(started.run(() => 5)).toBe(5);
  started.component('part', 1).warning().end();
  const byHand = StartedRequest.start({ recorder, http }, { endpoint: '/', method: 'GET', provider: 'openai' });
  expect(byHand.run(() => 6)).toBe(6);
  byHand.end({ status: 200 });
  recordLLMCall(recorder, recorder.llm, { provider: 'openai', model: 'gpt-4o', durationMs: 1 });
  new CustomMetrics(recorder).counter('custom').add();
  recorder.guard('cache', () => recordCache(recorder, 'answers', true));
  expect(recorder.llm.active()).toEqual([]);
}

describe('what fails while recording never reaches the application', () => {
  let recording: Recording;

  afterEach(() => recording.close());

  const failures = (): Record<string, number> => recording.recorder.refusals.counts();
  const thrown = (): never => {
    throw new Error('no');
  };

  it('when the accumulator throws for every series: each kind is counted and warned about once', async () => {
    recording = new Recording({ tags: ['tenant'] });
    recording.accumulator.series = thrown;
    recording.accumulator.named = thrown;
    await useEverything(recording);
    await useEverything(recording);
    expect(failures()['failed.operation']).toBeGreaterThan(4);
    expect(failures()['failed.llm']).toBeGreaterThan(4);
    expect(failures()['failed.endpoint']).toBe(4);
    expect(failures()['failed.custom']).toBe(2);
    const told = recording.warnings.filter((warning) => warning.startsWith('Recording failed'));
    expect(told).toHaveLength(Object.keys(failures()).length);
  });

  it('when the accumulator throws for every record', async () => {
    recording = new Recording({ tags: ['tenant'] });
    recording.accumulator.open = thrown;
    await useEverything(recording);
    expect(Object.keys(failures()).sort()).toEqual([
      'failed.cache',
      'failed.custom',
      'failed.endpoint',
      'failed.llm',
      'failed.operation',
    ]);
  });

  it('when a filter throws for one family, the others are counted', async () => {
    const admit = (family: AnyFamily): boolean => family.name !== 'component' || thrown();
    recording = new Recording({ admit });
    await useEverything(recording);
    expect(recording.names(componentFamily)).toEqual([]);
    expect(recording.count(operationFamily, ['promise'], 'calls')).toBe(1);
    expect(recording.count(endpointFamily, ['GET', '/'], 'requests')).toBe(2);
  });

  it('when logger, debug log, success rule and price table throw', async () => {
    recording = new Recording({ tags: ['tenant'], warn: thrown, debug: thrown, isSuccess: thrown });
    recording.recorder.prices.lookup = thrown;
    await useEverything(recording);
    expect(recording.count(operationFamily, ['promise'], 'successes')).toBe(1);
    expect(recording.count(endpointFamily, ['GET', '/'], 'successes')).toBe(2);
    expect(failures()['failed.success']).toBe(2);
    expect(failures()['failed.llm']).toBeGreaterThan(0);
  });

  it('when metadata, tags or an error cannot be read, the call is counted without them', async () => {
    recording = new Recording({ tags: ['tenant'] });
    const hostile = new Proxy({}, { ownKeys: thrown, get: thrown, getPrototypeOf: thrown });
    class Hooks {
      @TrackOperation('a', { metadata: thrown })
      a(): number {
        return 1;
      }

      @TrackOperation('b', { metadata: () => hostile })
      b(): number {
        return 2;
      }

      @TrackLLMCall({ provider: thrown, model: thrown, tags: thrown, extract: thrown })
      c(): number {
        return 3;
      }

      @TrackOperation('d')
      d(): never {
        // oxlint-disable-next-line typescript/only-throw-error -- an application may throw anything
        throw hostile;
      }
    }
    const hooks = new Hooks();
    expect([hooks.a(), hooks.b(), hooks.c()]).toEqual([1, 2, 3]);
    let caught: unknown;
    try {
      hooks.d();
    } catch (error) {
      caught = error;
    }
    expect(caught === hostile).toBe(true);
    expect(recording.names(operationFamily)).toEqual(['a', 'b', 'd']);
    expect(recording.names(llmFamily)).toEqual(['unknown\0unknown\0chat']);
    expect(failures()).toEqual({
      'failed.metadata': 2,
      'failed.TrackLLMCall.provider': 1,
      'failed.TrackLLMCall.model': 1,
      'failed.TrackLLMCall.tags': 1,
      'failed.extract': 1,
    });
  });
});
