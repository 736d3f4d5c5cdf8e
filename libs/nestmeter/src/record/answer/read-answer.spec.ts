import fc from 'fast-check';
import type { LLMAnswer } from './answer.js';
import { answerReaders, readAnswer, StreamReader } from './read-answer.js';

const completion = {
  object: 'chat.completion',
  model: 'gpt-4o',
  choices: [{ finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 5 },
};

const read: LLMAnswer = { model: 'gpt-4o', inputTokens: 10, outputTokens: 5, finishReason: 'stop' };

const chunk = { object: 'chat.completion.chunk', model: 'gpt-4o', choices: [{ delta: { content: 'a' } }] };

describe('readAnswer', () => {
  it.each(['data', 'response', 'message', 'raw', 'result'])('finds an answer under %s', (wrapper) => {
    expect(readAnswer({ [wrapper]: completion })).toEqual(read);
  });

  it('opens two wrappers and not a third', () => {
    expect(readAnswer({ data: { result: completion } })).toEqual(read);
    expect(readAnswer({ data: { result: { raw: completion } } })).toBeNull();
  });

  it('opens no other property', () => {
    expect(readAnswer({ body: completion })).toBeNull();
    expect(readAnswer([completion])).toBeNull();
  });

  it('never calls a getter, own or inherited', () => {
    let calls = 0;
    const count = (): unknown => {
      calls++;
      return completion;
    };
    class Draining {
      get usage(): unknown {
        return count();
      }
      get object(): unknown {
        return count();
      }
      get response(): unknown {
        return count();
      }
    }
    const own = Object.defineProperties({}, { data: { get: count }, object: { get: count }, usage: { get: count } });
    expect(readAnswer(new Draining())).toBeNull();
    expect(readAnswer(own)).toBeNull();
    expect(calls).toBe(0);
  });

  it.each([
    ['a string', '12'],
    ['a fraction', 1.5],
    ['a negative number', -3],
    ['not a number', Number.NaN],
    ['past 2^53 − 1', 2 ** 53],
    ['null', null],
    ['an object', { valueOf: (): number => 3 }],
    ['a bigint', 3n],
  ])('takes a count that is %s as unknown', (_, count) => {
    const answer = { ...completion, usage: { prompt_tokens: count, completion_tokens: 5 } };
    expect(readAnswer(answer)).toEqual({ model: 'gpt-4o', outputTokens: 5, finishReason: 'stop' });
  });

  it('takes a count behind a throwing getter as unknown and keeps the others', () => {
    const usage = Object.defineProperty({ completion_tokens: 5 }, 'prompt_tokens', {
      get: () => {
        throw new Error('hostile');
      },
    });
    expect(readAnswer({ ...completion, usage })).toEqual({ model: 'gpt-4o', outputTokens: 5, finishReason: 'stop' });
  });

  it('survives objects that throw whatever is asked of them', () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    expect(readAnswer(proxy)).toBeNull();
    expect(readAnswer({ ...completion, choices: proxy })).toBeNull();
    expect(() => new StreamReader().item(proxy)).not.toThrow();
  });

  it('answers null for whatever is no answer', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(readAnswer(value)).toBeNull();
      }),
    );
  });

  it('follows a circle of wrappers only two deep', () => {
    const circle: Record<string, unknown> = {};
    circle['data'] = circle;
    expect(readAnswer(circle)).toBeNull();
  });
});

describe('an extract hook', () => {
  const own = { myUsage: { in: 7, out: 3 } };

  it('reads what no reader knows', () => {
    expect(readAnswer(own, () => ({ model: 'mine', inputTokens: 7, outputTokens: 3 }))).toEqual({
      model: 'mine',
      inputTokens: 7,
      outputTokens: 3,
    });
  });

  it('wins field by field over a reader', () => {
    expect(readAnswer(completion, () => ({ model: 'mine', cachedInputTokens: 4 }))).toEqual({
      ...read,
      model: 'mine',
      cachedInputTokens: 4,
    });
  });

  it('has fields that are not valid left out', () => {
    const wrong = { model: 3, inputTokens: '7', outputTokens: 3, failure: { category: 'bad mood' }, extra: 1 };
    expect(readAnswer(own, () => wrong as unknown as LLMAnswer)).toEqual({ outputTokens: 3 });
  });

  it('may say that the call failed', () => {
    const failure = { category: 'quota', code: 'no_credit' } as const;
    expect(readAnswer(own, () => ({ failure }))).toEqual({ failure });
  });

  it('may throw or find nothing without harm', () => {
    const throws = (): never => {
      throw new Error('bug in the hook');
    };
    expect(readAnswer(own, throws)).toBeNull();
    expect(readAnswer(completion, throws)).toEqual(read);
    expect(readAnswer(own, () => undefined)).toBeNull();
  });

  it('gets every item of a stream, of known and unknown shape', () => {
    const reader = new StreamReader((item) => ({ outputTokens: (item as { tokens: number }).tokens }));
    reader.item({ tokens: 1 });
    reader.item({ tokens: 2 });
    expect(reader.recognised).toBe(false);
    expect(reader.answer.outputTokens).toBe(2);
  });
});

describe('StreamReader', () => {
  it('picks its reader at the first item that is recognised', () => {
    const reader = new StreamReader();
    reader.item('text');
    reader.item({ unknown: true });
    expect(reader.recognised).toBe(false);
    reader.item(chunk);
    expect(reader.recognised).toBe(true);
    expect(reader.answer).toEqual({ contentSeen: true, terminal: false, model: 'gpt-4o' });
  });

  it('keeps its reader when items of another provider follow', () => {
    const reader = new StreamReader();
    reader.item(chunk);
    reader.item({ type: 'message_stop' });
    expect(reader.answer.terminal).toBe(false);
  });

  it('gives up on a stream of which the first sixteen objects are unknown', () => {
    const reader = new StreamReader();
    for (let index = 0; index < 16; index++) reader.item({ index });
    reader.item(chunk);
    expect(reader.recognised).toBe(false);
  });

  it('fills one and the same answer object', () => {
    const reader = new StreamReader();
    const { answer } = reader;
    reader.item(chunk);
    expect(reader.answer).toBe(answer);
  });
});

describe('the list of readers', () => {
  it('names each reader once', () => {
    const names = answerReaders.map((reader) => reader.name);
    expect(new Set(names).size).toBe(names.length);
  });
});
