import { Recording } from '../../../../test/fixtures/recording.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { abortSignalIn } from './abort-signal.js';

describe('the abort signal among the arguments of a call', () => {
  const { signal } = new AbortController();

  it.each([
    ['itself', [{ model: 'm' }, signal]],
    ['signal of the options', [{ model: 'm' }, { signal }]],
    ['abortSignal of the options', ['prompt', { abortSignal: signal }]],
    ['abortSignal of Google’s config', [{ model: 'm', config: { abortSignal: signal } }]],
    ['signal of nested options', [{ options: { signal } }]],
  ])('is found as %s', (_where, args) => {
    expect(abortSignalIn(args)).toBe(signal);
  });

  it('is none where there is none, and no getter is called', () => {
    const trap = {
      get signal(): AbortSignal {
        throw new Error('looked');
      },
    };
    expect(abortSignalIn([null, 'text', 7, { signal: 'no' }, { signal: { aborted: true } }, trap])).toBeUndefined();
  });
});

describe('an abort signal, or what looks like one, that throws when it is asked', () => {
  const hostile = {
    addEventListener() {},
    get aborted(): boolean {
      throw new Error('hostile');
    },
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  it.each([
    ['a signal', hostile],
    ['a revoked Proxy', revoked.proxy],
  ])('changes neither the error of the call nor what is counted: %s', (_what, argument) => {
    const recording = new Recording();
    const failure = new DOMException('This operation was aborted', 'AbortError');
    const call = () =>
      recording.recorder.llm.track(
        { provider: 'openai', model: 'm', operation: 'chat', tags: null },
        (_argument: unknown): never => {
          throw failure;
        },
        undefined,
        [argument],
      );
    expect(call).toThrow(failure);
    expect(recording.count(llmFamily, ['openai', 'm', 'chat'], 'calls')).toBe(1);
    recording.close();
  });
});

describe('a call that throws as if it were aborted', () => {
  it.each([
    ['was cancelled by its caller, whose signal says so', true, 'cancelled'],
    ['ran into the time limit of the SDK, since the signal of the caller is not aborted', false, 'failed'],
  ])('%s', async (_what, aborts, outcome) => {
    const recording = new Recording();
    const controller = new AbortController();
    const call = recording.recorder.llm.track(
      { provider: 'gcp.gemini', model: 'm', operation: 'chat', tags: null },
      async (_options: { abortSignal: AbortSignal }) => {
        if (aborts) controller.abort();
        throw new DOMException('This operation was aborted', 'AbortError');
      },
      undefined,
      [{ abortSignal: controller.signal }],
    );
    await expect(call).rejects.toThrow('aborted');
    expect(recording.count(llmFamily, ['gcp.gemini', 'm', 'chat'], outcome)).toBe(1);
    recording.close();
  });
});

describe('a stream that its SDK ends silently when it is aborted', () => {
  let recording: Recording;

  beforeEach(() => {
    recording = new Recording();
  });

  afterEach(() => recording.close());

  const outcome = (name: string): number => recording.count(llmFamily, ['aws.bedrock', 'm', 'chat'], name);
  async function read(abort: (controller: AbortController) => AbortSignal): Promise<void> {
    const controller = new AbortController();
    const start = { provider: 'aws.bedrock', model: 'm', operation: 'chat', tags: null };
    const stream = recording.recorder.llm.track(
      start,
      async function* (_options: { abortSignal: AbortSignal }) {
        yield { messageStart: { role: 'assistant' } };
        yield { contentBlockDelta: { delta: { text: 'Hi' } } };
      },
      undefined,
      [{ abortSignal: abort(controller) }],
    );
    for await (const _item of stream);
  }

  it('is cancelled, not incomplete', async () => {
    await read((controller) => {
      controller.abort();
      return controller.signal;
    });
    expect([outcome('cancelled'), outcome('incomplete')]).toEqual([1, 0]);
  });

  it('failed with a timeout when the signal ran out of time', async () => {
    await read((controller) => {
      controller.abort(new DOMException('late', 'TimeoutError'));
      return controller.signal;
    });
    expect(outcome('failed')).toBe(1);
    expect(recording.tally(llmFamily, ['aws.bedrock', 'm', 'chat'], 'errors')).toEqual({ timeout: 1 });
  });

  it('stays incomplete when nobody aborted', async () => {
    await read((controller) => controller.signal);
    expect(outcome('incomplete')).toBe(1);
  });
});
