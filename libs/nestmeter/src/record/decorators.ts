import { types } from 'node:util';
import type { ExtractAnswer } from './answer/answer.js';
import type { LLMCallStart } from './llm-call.js';
import { nameOf } from './llm-settle.js';
import { trackOperation } from './operation.js';
import type { Recorder } from './recorder.js';
import { resolveRecorder } from './scope.js';

type Method = (this: unknown, ...args: never[]) => unknown;

/** A decorator for methods, both as TypeScript's `experimentalDecorators` and as the standard's stage 3 call it. */
export interface MethodDecorator {
  <T>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<T>): TypedPropertyDescriptor<T> | void;
  <This, Args extends unknown[], Result>(
    method: (this: This, ...args: Args) => Result,
    context: ClassMethodDecoratorContext<This, (this: This, ...args: Args) => Result>,
  ): (this: This, ...args: Args) => Result;
}

/** Options of {@link TrackOperation}. */
export interface TrackOperationOptions<Args extends readonly unknown[] = readonly unknown[]> {
  /** Declared tags become dimensions of the LLM calls inside, all else goes to the debug log and the span only. */
  readonly metadata?: ((...args: Args) => Readonly<Record<string, unknown>>) | undefined;
}

/**
 * Tracks calls of a method as an operation: duration, errors, and the calls inside as its components. The caller sees the
 * very object that the method returns and the very error that it throws.
 *
 * @param name default `Class.method`
 */
export function TrackOperation(name?: string, options: TrackOperationOptions = {}): MethodDecorator {
  return decorate((method, defaultName) => {
    const operation = name ?? defaultName;
    return function (this: unknown, ...args: never[]): unknown {
      const recorder = resolveRecorder(this);
      if (recorder === null) return method.apply(this, args);
      const metadata = options.metadata && recorder.guard('metadata', () => options.metadata!(...args));
      return trackOperation(recorder, operation, method, this, args, { metadata });
    };
  });
}

type OfArguments<T, Args extends readonly unknown[]> = T | ((...args: Args) => T);

/** Options of {@link TrackLLMCall}; values or functions of the method's arguments. */
export interface TrackLLMCallOptions<Args extends readonly unknown[] = never[]> {
  /** OpenTelemetry's name where there is one: `openai`, `anthropic`, `gcp.gemini`, `aws.bedrock` … */
  readonly provider: OfArguments<string, Args>;
  /** The model asked for; the one named in the answer wins. */
  readonly model?: OfArguments<string, Args> | undefined;
  /** OpenTelemetry's operation, or any name for what the call is for. Default `chat`. */
  readonly operation?: OfArguments<string, Args> | undefined;
  /** Values of declared tags. */
  readonly tags?: OfArguments<Readonly<Record<string, unknown>>, Args> | undefined;
  /** Reads answers of SDKs that are not recognised. */
  readonly extract?: ExtractAnswer | undefined;
}

/**
 * Tracks calls of a method that calls an LLM provider once: duration, outcome, tokens, cost, and for streams the time to
 * the first token. Answers of known SDKs are recognised by shape; nothing is read that the caller does not read.
 */
export function TrackLLMCall<Args extends readonly unknown[] = never[]>(
  options: TrackLLMCallOptions<Args>,
): MethodDecorator {
  return decorate((method) => {
    const isAsync = types.isAsyncFunction(innermost(method));
    return function (this: unknown, ...args: never[]): unknown {
      const recorder = resolveRecorder(this);
      const start = recorder?.guard('TrackLLMCall', () => startOf(recorder, options, args as unknown as Args));
      if (recorder == null || start === undefined) return method.apply(this, args);
      return recorder.llm.track(start, method, this, args, isAsync);
    };
  });
}

function startOf<Args extends readonly unknown[]>(
  recorder: Recorder,
  { provider, model, operation, tags, extract }: TrackLLMCallOptions<Args>,
  args: Args,
): LLMCallStart {
  const told = <T>(name: string, value: OfArguments<T, Args> | undefined): T | undefined =>
    typeof value === 'function'
      ? recorder.guard(`TrackLLMCall.${name}`, () => (value as (...given: Args) => T)(...args))
      : value;
  return {
    provider: nameOf(told('provider', provider)),
    model: nameOf(told('model', model)),
    operation: nameOf(told('operation', operation) ?? 'chat'),
    tags: recorder.tagsOf(told('tags', tags)),
    extract,
  };
}

const skipped = Symbol.for('nestmeter.skip');

/** Leaves a handler, or all handlers of a class, out of endpoint timing. */
export function SkipTracking(): SkipDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const marked = typeof descriptor?.value === 'function' ? (descriptor.value as object) : target;
    Object.defineProperty(marked, skipped, { value: true });
  };
}

/** A decorator for classes and methods. */
export interface SkipDecorator {
  (target: object): void;
  (target: object, key: string | symbol, descriptor: PropertyDescriptor): void;
}

/** Whether a handler, or its class, is marked with {@link SkipTracking}. */
export function isSkipped(...targets: readonly unknown[]): boolean {
  return targets.some((target) => typeof target === 'function' && skipped in target);
}

const tracked = Symbol.for('nestmeter.tracked');

/** Whether a method is decorated with {@link TrackOperation} or {@link TrackLLMCall}, and so counts itself. */
export function isTracked(method: unknown): boolean {
  return typeof method === 'function' && tracked in method;
}

function decorate(wrap: (method: Method, defaultName: string) => Method): MethodDecorator {
  const decorator = (target: unknown, keyOrContext: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (typeof keyOrContext === 'object' && keyOrContext !== null) {
      const { name } = keyOrContext as ClassMethodDecoratorContext;
      return dressed(target as Method, (method) => wrapByClass(method, name, wrap));
    }
    const owner = typeof target === 'function' ? target.name : (target as object).constructor.name;
    const name = `${owner}.${String(keyOrContext)}`;
    return { ...descriptor, value: dressed(descriptor!.value as Method, (method) => wrap(method, name)) };
  };
  return decorator as MethodDecorator;
}

/** Standard decorators do not know their class before a call: it is looked up at the first one on an instance. */
function wrapByClass(method: Method, key: string | symbol, wrap: (method: Method, name: string) => Method): Method {
  let wrapped: Method | undefined;
  return function (this: unknown, ...args: never[]): unknown {
    if (wrapped !== undefined) return wrapped.apply(this, args);
    const owner = ownerName(this, key, method);
    const first = wrap(method, `${owner ?? 'anonymous'}.${String(key)}`);
    if (owner !== null) wrapped = first;
    return first.apply(this, args);
  };
}

/** The name of the class that declares a method, which an instance may inherit; null without an instance. */
function ownerName(self: unknown, key: string | symbol, method: Method): string | null {
  if (self === undefined || self === null) return null;
  const nameOfHolder = (holder: object): string => (typeof holder === 'function' ? holder : holder.constructor).name;
  for (let holder = Object(self) as object | null; holder !== null; holder = Object.getPrototypeOf(holder) as object) {
    const held: unknown = Object.getOwnPropertyDescriptor(holder, key)?.value;
    if (typeof held === 'function' && innermost(held as Method) === innermost(method)) return nameOfHolder(holder);
  }
  return nameOfHolder(Object(self) as object);
}

/** The method that a wrapper of ours was made for, through any number of wrappers. */
const wrappedMethods = new WeakMap<Method, Method>();

function innermost(method: Method): Method {
  return wrappedMethods.get(method) ?? method;
}

interface Metadata {
  getOwnMetadataKeys?(target: object): unknown[];
  getOwnMetadata?(key: unknown, target: object): unknown;
  defineMetadata?(key: unknown, value: unknown, target: object): void;
}

/** Makes the wrapper look like the method: name, length, own properties, and what other decorators noted on it. */
function dressed(method: Method, wrap: (method: Method) => Method): Method {
  const wrapper = wrap(method);
  wrappedMethods.set(wrapper, innermost(method));
  Object.defineProperty(wrapper, tracked, { value: true });
  for (const key of Reflect.ownKeys(method)) {
    const property = Object.getOwnPropertyDescriptor(method, key)!;
    if (key !== 'prototype' && key !== 'arguments' && key !== 'caller' && key !== tracked)
      Object.defineProperty(wrapper, key, property);
  }
  const { getOwnMetadataKeys, getOwnMetadata, defineMetadata } = Reflect as Metadata;
  for (const key of getOwnMetadataKeys?.(method) ?? []) defineMetadata!(key, getOwnMetadata!(key, method), wrapper);
  return wrapper;
}
