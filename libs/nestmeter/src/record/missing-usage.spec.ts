import { Recording } from '../../../../test/fixtures/recording.js';
import { llmFamily } from '../accumulate/llm-family.js';

describe('a completed call that does not tell its tokens', () => {
  let recording: Recording;

  beforeEach(() => {
    recording = new Recording();
  });

  afterEach(() => recording.close());

  const track = <R>(code: () => R): R =>
    recording.recorder.llm.track(
      { provider: 'openai', model: 'm', operation: 'chat', tags: null },
      code,
      undefined,
      [],
    );
  const chunk = (content: string, finish_reason: string | null, usage: object | null = null): object => ({
    object: 'chat.completion.chunk',
    choices: [{ delta: { content }, finish_reason }],
    usage,
  });
  async function stream(...items: object[]): Promise<void> {
    const tracked = track(async function* () {
      yield* items;
    });
    for await (const _item of tracked);
  }

  it('is warned about once with stream_options for a stream of OpenAI', async () => {
    await stream(chunk('Hi', null), chunk('', 'stop'));
    await stream(chunk('Hi', null), chunk('', 'stop'));
    expect(recording.warnings).toEqual([expect.stringContaining('stream_options: { include_usage: true }')]);
    expect(recording.count(llmFamily, ['openai', 'm', 'chat'], 'calls_without_usage')).toBe(2);
  });

  it('is warned about once with extract for an answer of unknown shape', async () => {
    await track(async () => 'only the text');
    await track(async () => ({ text: 'Hi' }));
    expect(recording.warnings).toEqual([expect.stringContaining('extract')]);
  });

  it('is no reason to warn when the stream was left, failed, or told its tokens', async () => {
    await stream(chunk('Hi', null), chunk('', 'stop', { prompt_tokens: 3, completion_tokens: 1 }));
    const left = track(async function* () {
      yield chunk('Hi', null);
      yield chunk('Ho', null);
    });
    for await (const _item of left) break;
    await expect(track(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(recording.warnings).toEqual([]);
  });

  it('is no reason to warn when a tracked call inside told its tokens', async () => {
    await track(async () => {
      await track(async () => ({
        object: 'chat.completion',
        choices: [],
        usage: { prompt_tokens: 3, completion_tokens: 1 },
      }));
      return 'only the text';
    });
    expect(recording.warnings).toEqual([]);
  });
});
