import fc from 'fast-check';

import { answerReaders, readAnswer, StreamReader } from './read-answer.js';

function namesOf(recognises: (reader: (typeof answerReaders)[number]) => boolean): string[] {
  return answerReaders.filter(recognises).map(({ name }) => name);
}

describe('what only looks like an answer', () => {
  it.each<[string, object]>([
    ['a list of models', { object: 'list', data: [{ id: 'gpt-5', object: 'model' }] }],
    ['a row with a usage', { id: 1, usage: { tokens: 5 }, model: 'x' }],
    ['counts of an application', { usage: { inputTokens: 5, outputTokens: 2 } }],
    ['candidates of an election', { candidates: [{ name: 'A' }], model: 'x' }],
    ['an HTTP response', { status: 200, statusText: 'OK', headers: {}, config: {} }],
    ['a message of a chat', { type: 'message', text: 'Hi', message: { id: 1 } }],
    ['a job that is done', { done: true, model: 'x', result: 'ok' }],
    ['embeddings without a model', { embeddings: [[0.1]] }],
    ['steps of a workflow', { steps: [{ usage: 1 }], totalUsage: 5 }],
    ['tags', { meta: { tokens: 5 }, response_metadata: {} }],
  ])('%s is no answer and no item', (_, value) => {
    expect(readAnswer(value)).toBeNull();
    expect(namesOf((reader) => reader.recognisesItem(value))).toEqual([]);
  });

  it.each<[string, object]>([
    ['an event of an application', { type: 'start' }],
    ['a delta of an application', { type: 'text-delta', text: 'Hi' }],
    ['an error of an application', { type: 'error', error: 'failed' }],
    ['an event with data', { data: { choices: [{ delta: 1 }] } }],
    ['a response event without a number', { type: 'response.ok' }],
  ])('%s is no item', (_, value) => {
    expect(namesOf((reader) => reader.recognisesItem(value))).toEqual([]);
  });

  it('is anything at all', () => {
    fc.assert(
      fc.property(fc.object({ key: fc.constantFrom('usage', 'data', 'type', 'object', 'meta', 'steps') }), (value) => {
        const stream = new StreamReader();
        expect(() => stream.item(value)).not.toThrow();
        expect(() => readAnswer(value)).not.toThrow();
      }),
    );
  });
});
