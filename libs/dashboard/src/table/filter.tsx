import { address, adjust } from '../navigation.js';

/** Text by which a view leaves out rows; it is part of the address. `/` jumps to it. */
export function FilterBox({ of }: { readonly of: string }) {
  return (
    <input
      type="search"
      class="filter"
      data-filter
      aria-label={`Filter ${of}`}
      placeholder="Filter  /"
      value={address.value.options.filter ?? ''}
      maxLength={200}
      onInput={({ currentTarget }) => adjust({ filter: currentTarget.value })}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        adjust({ filter: '' });
        event.currentTarget.blur();
      }}
    />
  );
}

/** Whether a name passes the filter of the address: it contains each of its words, in whatever case. */
export function passesFilter(...names: readonly string[]): boolean {
  const words = (address.value.options.filter ?? '').toLowerCase().split(/\s+/);
  const text = names.join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}
