import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** How much of the width a card takes on a wide screen. */
export type Span = 'whole' | 'half' | 'two-thirds' | 'third' | 'quarter';

interface CardProps {
  readonly title: string;
  /** What the card is about, more exactly; beside the title. */
  readonly hint?: ComponentChildren;
  readonly span?: Span;
  /** Controls at the right of the title. */
  readonly actions?: ComponentChildren;
  /** Whether what is shown belongs to another question than the one asked. */
  readonly isOld?: boolean;
  readonly children: ComponentChildren;
}

/** A titled part of a view; a landmark for screen readers. */
export function Card({ title, hint, span = 'whole', actions, isOld = false, children }: CardProps) {
  const id = useId();
  return (
    <section class={`card ${span}${isOld ? ' old' : ''}`} aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>
          {title}
          {hint !== undefined && <span class="hint">{hint}</span>}
        </h2>
        {actions !== undefined && <div class="card-actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}
