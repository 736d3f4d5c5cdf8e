import type { ComponentChildren } from 'preact';

/** What is told of something: each with what it is. */
export type Fact = readonly [label: string, value: ComponentChildren, hint?: string];

/** Some numbers with their names. */
export function Facts({ of }: { readonly of: readonly Fact[] }) {
  return (
    <dl class="facts">
      {of.map(([label, value, hint]) => (
        <div key={label} title={hint}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
