import 'reflect-metadata';
import { gateBy } from '../../../../test/fixtures/gate.js';
import { Recording } from '../../../../test/fixtures/recording.js';
import { componentFamily, operationFamily } from '../accumulate/families.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { TrackLLMCall, TrackOperation } from './decorators.js';
import { currentScope, ownInstance } from './scope.js';

function Noted(value: string): MethodDecorator {
  return (_target, _key, descriptor) => Reflect.defineMetadata('noted', value, descriptor.value as object);
}

const answer = {
  object: 'chat.completion',
  model: 'gpt-4o-2024-08-06',
  choices: [{ finish_reason: 'stop' }],
  usage: { prompt_tokens: 120, completion_tokens: 30, prompt_tokens_details: { cached_tokens: 40 } },
};

class Answers {
  prefix = 'a';

  @Noted('before')
  @TrackOperation('answer')
  @Noted('after')
  async answer(question: string, _second?: string): Promise<string> {
    await this.search(question);
    await this.complete('openai', question);
    return `${this.prefix}:${question}`;
  }

  @TrackOperation()
  async search(question: string): Promise<number> {
    return question.length;
  }

  @TrackLLMCall<[string, string]>({ provider: (name) => name, model: 'gpt-4o', tags: { tenant: 'acme', other: 'x' } })
  async complete(_provider: string, _text: string): Promise<typeof answer> {
    return answer;
  }

  @TrackOperation('failing')
  fail(error: Error): never {
    throw error;
  }

  @TrackOperation('numbers')
  async *numbers(): AsyncGenerator<number> {
    yield currentScope() === null ? -1 : 1;
    yield 2;
  }
}

describe('decorators', () => {
  let recording: Recording;

  beforeEach(() => {
    recording = new Recording({ tags: ['tenant'] });
  });

  afterEach(() => recording.close());

  it('keep name, length, this and the metadata of decorators on both sides', async () => {
    const method = Answers.prototype.answer as object;
    expect(Answers.prototype.answer.name).toBe('answer');
    expect(Answers.prototype.answer).toHaveLength(2);
    expect(Reflect.getMetadata('noted', method)).toBe('before');
    expect(await new Answers().answer('q')).toBe('a:q');
  });

  it('count a call as an operation of its own and as a component of the one around it', async () => {
    await new Answers().answer('question');
    expect(recording.count(operationFamily, ['answer'], 'successes')).toBe(1);
    expect(recording.count(operationFamily, ['Answers.search'], 'calls')).toBe(1);
    expect(recording.names(componentFamily)).toEqual(['answer\0Answers.search', 'answer\0llm.openai']);
  });

  it('add tokens of LLM calls to the operation around them and to declared tags only', async () => {
    await new Answers().answer('question');
    expect(recording.count(llmFamily, ['openai', 'gpt-4o-2024-08-06', 'chat'], 'input_tokens')).toBe(120);
    expect(recording.count(operationFamily, ['answer'], 'input_tokens')).toBe(120);
    expect(recording.count(operationFamily, ['answer'], 'unpriced_calls')).toBe(1);
    const tenant = recording.recorder.options.tagFamilies.get('tenant')!;
    expect(recording.count(tenant, ['acme'], 'output_tokens')).toBe(30);
  });

  it('rethrow the very error and count it once', () => {
    const error = new Error('no');
    expect(() => new Answers().fail(error)).toThrow(error);
    expect(recording.count(operationFamily, ['failing'], 'calls')).toBe(1);
    expect(recording.count(operationFamily, ['failing'], 'successes')).toBe(0);
  });

  it('run the body of a generator in the context of its call and end the call with the stream', async () => {
    const seen: number[] = [];
    for await (const value of new Answers().numbers()) seen.push(value);
    expect(seen).toEqual([1, 2]);
    expect(recording.count(operationFamily, ['numbers'], 'successes')).toBe(1);
  });

  it('record nothing and warn once when several monitors run and nothing says which one', async () => {
    const second = new Recording();
    await new Answers().search('a');
    await new Answers().search('b');
    expect(recording.count(operationFamily, ['Answers.search'], 'calls')).toBe(0);
    expect(recording.warnings.filter((warning) => warning.includes('several monitors'))).toHaveLength(1);
    second.close();
  });

  it('use the monitor that owns the instance when several run', async () => {
    const second = new Recording();
    const owned = new Answers();
    ownInstance(second.recorder, owned);
    await owned.search('a');
    expect(second.count(operationFamily, ['Answers.search'], 'calls')).toBe(1);
    expect(recording.count(operationFamily, ['Answers.search'], 'calls')).toBe(0);
    second.close();
  });

  it('name static methods, symbols and inherited methods by the class that declares them', () => {
    const key = Symbol('answer');
    class Base {
      @TrackOperation()
      static make(this: unknown): unknown {
        return this;
      }

      @TrackOperation()
      [key](): number {
        return 1;
      }

      @TrackOperation()
      inherited(): string {
        return 'base';
      }
    }
    class Derived extends Base {}
    expect(Base.make()).toBe(Base);
    expect(new Derived()[key]()).toBe(1);
    expect(new Derived().inherited()).toBe('base');
    expect(recording.names(operationFamily)).toEqual(['Base.Symbol(answer)', 'Base.inherited', 'Base.make']);
  });

  it('count every request-scoped instance under one name, each with its own this', async () => {
    const instances = ['x', 'y'].map((prefix) => Object.assign(new Answers(), { prefix }));
    expect(await Promise.all(instances.map((instance) => instance.answer('q')))).toEqual(['x:q', 'y:q']);
    expect(recording.count(operationFamily, ['answer'], 'calls')).toBe(2);
  });

  it('stack: each counts, and the operation around an LLM call has it as component', async () => {
    class Stacked {
      @TrackOperation('outer')
      @TrackLLMCall({ provider: 'openai', model: 'gpt-4o' })
      @TrackOperation('inner')
      async call(_text: string): Promise<typeof answer> {
        return answer;
      }
    }
    expect(await new Stacked().call('q')).toBe(answer);
    expect(Stacked.prototype.call).toHaveLength(1);
    expect(recording.names(operationFamily)).toEqual(['inner', 'outer']);
    expect(recording.names(componentFamily)).toEqual(['outer\0inner', 'outer\0llm.openai']);
    expect(recording.count(operationFamily, ['outer'], 'input_tokens')).toBe(120);
    expect(recording.count(operationFamily, ['inner'], 'input_tokens')).toBe(0);
  });

  it('return the very promise of an SDK, whose own methods work and which is not asked for anything', async () => {
    class SdkPromise extends Promise<typeof answer> {
      asked = 0;

      // oxlint-disable-next-line unicorn/no-thenable -- the promises of the SDKs do this
      override then<A, B>(...callbacks: Parameters<Promise<typeof answer>['then']>): Promise<A | B> {
        this.asked++;
        return super.then(...callbacks) as Promise<A | B>;
      }

      asResponse = async (): Promise<number> => 200;

      withResponse = async (): Promise<{ data: typeof answer; response: number }> => ({
        data: await this,
        response: await this.asResponse(),
      });
    }
    const promise = new SdkPromise((resolve) => resolve(answer));
    class Sdk {
      @TrackLLMCall({ provider: 'openai' })
      complete(): SdkPromise {
        return promise;
      }
    }
    const returned = new Sdk().complete();
    await Promise.resolve();
    expect(returned).toBe(promise);
    expect(promise.asked).toBe(0);
    expect(await returned.withResponse()).toEqual({ data: answer, response: 200 });
    expect(recording.count(llmFamily, ['openai', 'gpt-4o-2024-08-06', 'chat'], 'input_tokens')).toBe(120);
  });

  it('take provider, model, operation and tags from the arguments; one that throws or is no text is unknown', async () => {
    class Calls {
      @TrackLLMCall<[Record<string, string>]>({
        provider: (of) => of['provider']!,
        model: (of) => of['model']!.trim(),
        operation: () => 'rerank',
        tags: (of) => ({ tenant: of['tenant'] }),
      })
      async call(_of: object): Promise<string> {
        return 'text';
      }
    }
    await new Calls().call({ provider: 'cohere', model: ' r3 ', tenant: 'acme' });
    expect(await new Calls().call({})).toBe('text');
    expect(recording.names(llmFamily)).toEqual(['cohere\0r3\0rerank', 'unknown\0unknown\0rerank']);
    const tenant = recording.recorder.options.tagFamilies.get('tenant')!;
    expect(recording.names(tenant)).toEqual(['acme']);
    expect(recording.recorder.refusals.counts()).toEqual({ 'failed.TrackLLMCall.model': 1 });
  });

  it('reject a refused async method under other decorators, instead of throwing', async () => {
    recording.close();
    const refusal = new Error('budget exceeded');
    recording = new Recording({
      gate: gateBy(() => {
        throw refusal;
      }),
    });
    class Calls {
      @TrackLLMCall({ provider: 'openai' })
      @TrackOperation('around')
      async call(): Promise<void> {}

      @TrackLLMCall({ provider: 'openai' })
      sync(): void {}
    }
    await expect(new Calls().call()).rejects.toBe(refusal);
    expect(() => new Calls().sync()).toThrow(refusal);
    expect(recording.count(llmFamily, ['openai', 'unknown', 'chat'], 'refused')).toBe(2);
  });

  it('do nothing without a monitor', async () => {
    recording.close();
    expect(await new Answers().answer('q')).toBe('a:q');
  });
});
