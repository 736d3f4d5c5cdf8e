import type { ComponentChildren } from 'preact';
import type { Tone } from './bar.js';

/** A number in the colour of what it means; in that of the text when it means nothing special. */
export function Toned({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return <span class={tone === 'plain' ? undefined : `tone-${tone}`}>{children}</span>;
}
