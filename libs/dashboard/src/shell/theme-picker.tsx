import type { Theme } from '../address.js';
import { go } from '../navigation.js';
import { theme } from '../theme.js';

const next: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const names: Readonly<Record<Theme, string>> = { system: 'as the system', light: 'light', dark: 'dark' };

/** Goes round the colours: those of the system, light, dark. */
export function ThemePicker() {
  const now = theme.value;
  return (
    <button
      type="button"
      class="button icon"
      title={`Colours: ${names[now]}`}
      aria-label={`Colours: ${names[now]}. Change to ${names[next[now]]}`}
      onClick={() => go({ theme: next[now] })}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {now === 'light' && (
          <>
            <circle cx="8" cy="8" r="3" />
            <path
              class="stroke"
              d="M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1"
            />
          </>
        )}
        {now === 'dark' && <path d="M13.4 10A6 6 0 0 1 6 2.6 5.8 5.8 0 1 0 13.4 10z" />}
        {now === 'system' && (
          <>
            <circle class="stroke" cx="8" cy="8" r="5.6" fill="none" />
            <path d="M8 2.4a5.6 5.6 0 0 1 0 11.2z" />
          </>
        )}
      </svg>
    </button>
  );
}
