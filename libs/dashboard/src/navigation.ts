import { computed, signal } from '@preact/signals';
import { type Address, parseAddress, printAddress } from './address.js';

/** Where the page is: what stands behind `#`, read. */
export const address = signal<Address>(parseAddress(location.hash));

/** The view of the address alone, so that what depends on it ignores sorting and filters. */
export const view = computed(() => address.value.view);

window.addEventListener('hashchange', () => {
  address.value = parseAddress(location.hash);
});

/**
 * The link to somewhere else. Window and theme go along; names and options do unless the view changes or they are given.
 */
export function linkTo(change: Partial<Address>, from: Address = address.value): string {
  const isElsewhere = change.view !== undefined && (change.view !== from.view || change.names !== undefined);
  return printAddress({ ...from, ...(isElsewhere && { names: [], options: {} }), ...change });
}

/** Goes somewhere else; the viewer can go back. */
export function go(change: Partial<Address>): void {
  location.hash = linkTo(change, address.peek());
}

/** Changes how the present view looks, such as its order; going back leaves the view. */
export function adjust(options: Address['options']): void {
  const now = address.peek();
  const next = { ...now, options: { ...now.options, ...options } };
  history.replaceState(null, '', printAddress(next));
  address.value = next;
}
