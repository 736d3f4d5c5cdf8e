import type { ComponentChildren } from 'preact';
import type { RequestFailure } from '../api/request.js';

/** What stands where there is nothing yet: why, and the code that changes it. */
export function Empty({ children, code }: { readonly children: ComponentChildren; readonly code?: string }) {
  return (
    <div class="empty">
      <p>{children}</p>
      {code !== undefined && (
        <pre tabIndex={0}>
          <code>{code}</code>
        </pre>
      )}
    </div>
  );
}

/** What stands where an answer failed and there is no older one. */
export function Failed({ failure }: { readonly failure: RequestFailure }) {
  return (
    <div class="empty failed" role="status">
      <p>{failure.message}</p>
      <p class="soft">{failure.code} · asked again by itself</p>
    </div>
  );
}

/** What stands where an answer is awaited: of the height of what is to come, so that nothing jumps. */
export function Skeleton({ lines = 4, chart = false }: { readonly lines?: number; readonly chart?: boolean }) {
  return (
    <div class={chart ? 'skeleton chart-box' : 'skeleton'} aria-busy="true">
      <span class="visually-hidden">Loading</span>
      {!chart && Array.from({ length: lines }, (_, line) => <i key={line} />)}
    </div>
  );
}

interface AwaitedProps<Answer> {
  readonly of: { readonly answer: Answer | null; readonly failure: RequestFailure | null };
  readonly lines?: number;
  readonly chart?: boolean;
  readonly children: (answer: Answer) => ComponentChildren;
}

/** An answer when it is there, else why it is not. */
export function Awaited<Answer>({ of: { answer, failure }, lines, chart, children }: AwaitedProps<Answer>) {
  if (answer !== null) return <>{children(answer)}</>;
  if (failure !== null) return <Failed failure={failure} />;
  return <Skeleton {...(lines !== undefined && { lines })} {...(chart !== undefined && { chart })} />;
}
