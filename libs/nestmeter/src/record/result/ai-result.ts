import { tellStopped } from './async-iterable.js';
import { FirstUse } from './first-use.js';
import { dataProperty } from './own-method.js';
import { isReadableStream, watchReadableStream } from './readable-stream.js';
import { Watch, type ResultObserver } from './watch.js';

/**
 * Whether an object is the result of a streaming function of the Vercel `ai` package (`streamText`, `streamObject`). Asked with
 * `in`: its getters (`usage`, `text`, `finishReason`, …) start the stream and drain it.
 */
export function isAiResult(target: object): boolean {
  return 'textStream' in target || 'fullStream' in target;
}

/** The one stream that all getters of a result branch off; an own property in the versions 5 to 7. */
export function aiBaseStream(result: object): object | undefined {
  const base = dataProperty(result, 'baseStream');
  return typeof base === 'object' && base !== null && isReadableStream(base) ? base : undefined;
}

/** Getters of a result that hand out a branch of its stream. */
const branchKeys = [
  'textStream',
  'fullStream',
  'stream',
  'partialOutputStream',
  'experimental_partialOutputStream',
  'partialObjectStream',
  'elementStream',
] as const;

/**
 * Watches the result of a streaming `ai` function without starting it: every branch that the application takes, by whatever
 * getter or method, reads from the one stream inside, and there each part is seen once, usage included, although `textStream`
 * alone hands out text only.
 *
 * A consumer that leaves its branch does not stop that stream, which has another branch waiting. So the getters that hand out a
 * branch are replaced on the result, to learn when the last one was left.
 */
export function watchAiResult(result: object, firstUse: FirstUse): void {
  const base = aiBaseStream(result);
  if (base === undefined) return;
  const parts = new FirstUse();
  parts.join(new Watch(new PartObserver(firstUse)));
  watchReadableStream(base, parts);
  const branches: Branches = { open: 0 };
  for (const key of branchKeys) watchBranch(result, key, () => new BranchObserver(branches, firstUse));
}

/** Passes on the parts of the stream as consumers of `fullStream` know them. */
class PartObserver implements ResultObserver {
  #isAborted = false;

  constructor(private readonly firstUse: FirstUse) {}

  streaming(): void {
    this.firstUse.current()?.streaming();
  }

  item(chunk: unknown): void {
    const part = partOf(chunk);
    if (isAbort(part)) this.#isAborted = true;
    this.firstUse.current()?.item(part);
  }

  error(error: unknown): void {
    this.firstUse.current()?.error(error);
  }

  end(how: 'ended' | 'stopped' | 'cancelled'): void {
    this.firstUse.current()?.end(this.#isAborted ? 'cancelled' : how);
  }

  run<R>(code: () => R): R {
    const watch = this.firstUse.current();
    return watch === undefined ? code() : watch.run(code);
  }

  value(): void {}

  unread(): void {}
}

/** `streamText` wraps each part with what was parsed of the output so far; `streamObject` does not. */
function partOf(chunk: unknown): unknown {
  if (typeof chunk !== 'object' || chunk === null) return chunk;
  const part = dataProperty(chunk, 'part');
  return typeof part === 'object' && part !== null ? part : chunk;
}

/** The last part of a stream whose signal was aborted; the stream then ends without an exception. */
function isAbort(part: unknown): boolean {
  return typeof part === 'object' && part !== null && dataProperty(part, 'type') === 'abort';
}

/** How many branches of one result are being read. */
interface Branches {
  open: number;
}

/** Learns that a branch is read and left. */
class BranchObserver implements ResultObserver {
  constructor(
    private readonly branches: Branches,
    private readonly firstUse: FirstUse,
  ) {}

  streaming(): void {
    this.branches.open++;
  }

  error(): void {
    this.branches.open--;
  }

  end(how: 'ended' | 'stopped' | 'cancelled'): void {
    this.branches.open--;
    if (how === 'stopped' && this.branches.open === 0) tellStopped(this.firstUse.current());
  }

  run<R>(code: () => R): R {
    return code();
  }

  value(): void {}

  item(): void {}

  unread(): void {}
}

function watchBranch(result: object, key: string, observer: () => ResultObserver): void {
  const getter = getterOf(result, key);
  if (getter === undefined) return;
  Object.defineProperty(result, key, {
    configurable: true,
    enumerable: false,
    get(this: unknown) {
      const branch = getter.call(this);
      if (typeof branch === 'object' && branch !== null && isReadableStream(branch)) {
        const use = new FirstUse();
        use.join(new Watch(observer()));
        watchReadableStream(branch, use);
      }
      return branch;
    },
  });
}

function getterOf(target: object, key: string): ((this: unknown) => unknown) | undefined {
  for (let holder: object | null = target; holder !== null; holder = Object.getPrototypeOf(holder) as object | null) {
    const property = Object.getOwnPropertyDescriptor(holder, key);
    // oxlint-disable-next-line typescript/unbound-method -- called with the receiver of the access
    if (property !== undefined) return property.get;
  }
  return undefined;
}
