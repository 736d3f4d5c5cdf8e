import { computed, effect, signal } from '@preact/signals';
import type { Theme } from './address.js';
import { address } from './navigation.js';

const storageKey = 'nestmeter.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(dark.matches);
dark.addEventListener('change', ({ matches }) => {
  isSystemDark.value = matches;
});

/** Which colours the viewer chose: in the address, else the last time. */
export const theme = computed<Theme>(() => address.value.theme ?? remembered() ?? 'system');

/** Which colours are shown. */
export const shownTheme = computed<'light' | 'dark'>(() => {
  if (theme.value !== 'system') return theme.value;
  return isSystemDark.value ? 'dark' : 'light';
});

/** Sets the colours of the document now and whenever they change, and remembers the choice. Call it once. */
export function applyTheme(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
    remember(theme.value);
  });
}

function remembered(): Theme | null {
  try {
    const text = localStorage.getItem(storageKey);
    return text === 'light' || text === 'dark' ? text : null;
  } catch {
    // A browser may refuse storage; then the system decides.
    return null;
  }
}

function remember(chosen: Theme): void {
  try {
    localStorage.setItem(storageKey, chosen);
  } catch {
    // As above.
  }
}
