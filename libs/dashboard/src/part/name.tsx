import { shownText } from '../format/text.js';

/** A name from outside: cut to the room it has, whole on hover, its direction kept to itself. */
export function Name({ of, href, detail }: { readonly of: string; readonly href?: string; readonly detail?: string }) {
  const text = shownText(of);
  const shown = (
    <>
      <bdi>{text}</bdi>
      {detail !== undefined && (
        <small>
          {' '}
          <bdi>{shownText(detail)}</bdi>
        </small>
      )}
    </>
  );
  return href === undefined ? (
    <span class="name" title={text}>
      {shown}
    </span>
  ) : (
    <a class="name" href={href} title={text}>
      {shown}
    </a>
  );
}

/** Whether something is well, as a dot; what it means is said for screen readers. */
export function Dot({ tone, meaning }: { readonly tone: 'ok' | 'warn' | 'bad' | 'plain'; readonly meaning: string }) {
  return <span class={`dot ${tone}`} role="img" aria-label={meaning} title={meaning} />;
}
