import { Recording } from '../../../../test/fixtures/recording.js';
import { componentFamily, operationFamily } from '../accumulate/families.js';
import { TrackLLMCall, TrackOperation } from './decorators.js';

const answer = { object: 'chat.completion', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } };

describe('decorators called as the standard says', () => {
  let recording: Recording;

  beforeEach(() => {
    recording = new Recording();
  });

  afterEach(() => recording.close());

  type AnyMethod = (this: unknown, ...args: unknown[]) => unknown;
  type Decorator = (method: AnyMethod, context: ClassMethodDecoratorContext<unknown, AnyMethod>) => AnyMethod;

  /** Decorates a method of a class after the fact, as compilers of standard decorators do. */
  function apply(target: object, name: string | symbol, ...decorators: Decorator[]): AnyMethod {
    const context = { kind: 'method', name, static: typeof target === 'function', private: false };
    let method = Reflect.get(target, name) as AnyMethod;
    for (const decorator of decorators)
      method = decorator(method, context as ClassMethodDecoratorContext<unknown, AnyMethod>);
    Object.defineProperty(target, name, { value: method, writable: true, configurable: true });
    return method;
  }

  it('keep name, length and this, and name the operation by the class that declares the method', () => {
    class Base {
      value = 5;

      read(_first: number): number {
        return this.value;
      }

      static make(): string {
        return 'made';
      }
    }
    class Derived extends Base {
      override read(first: number): number {
        return super.read(first) + 1;
      }
    }
    const wrapped = apply(Base.prototype, 'read', TrackOperation());
    apply(Base, 'make', TrackOperation());
    expect([wrapped.name, wrapped.length]).toEqual(['read', 1]);
    expect(new Derived().read(0)).toBe(6);
    expect(new Base().read(0)).toBe(5);
    expect(Base.make()).toBe('made');
    expect(recording.names(operationFamily)).toEqual(['Base.make', 'Base.read']);
    expect(recording.count(operationFamily, ['Base.read'], 'calls')).toBe(2);
  });

  it('stack, and name a method that was called without an instance first as soon as there is one', () => {
    class Calls {
      call(): typeof answer {
        return answer;
      }
    }
    const decorators = [TrackLLMCall({ provider: 'openai' }), TrackOperation()] as unknown as Decorator[];
    const wrapped = apply(Calls.prototype, 'call', ...decorators);
    expect(wrapped.call(undefined)).toBe(answer);
    expect(new Calls().call()).toBe(answer);
    expect(recording.names(operationFamily)).toEqual(['Calls.call', 'anonymous.call']);
    expect(recording.names(componentFamily)).toEqual(['Calls.call\0llm.openai', 'anonymous.call\0llm.openai']);
  });
});
