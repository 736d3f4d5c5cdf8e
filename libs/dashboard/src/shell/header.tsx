import { isPaused } from '../api/following.js';
import { type Snapshot, snapshot } from '../api/live.js';
import { logOut, session } from '../api/session.js';
import { linkTo } from '../navigation.js';
import { Live } from './live.js';
import { ThemePicker } from './theme-picker.js';
import { WindowPicker } from './window-picker.js';

/** Who, how it is, how fresh that is, and how far the page looks back. */
export function Header() {
  const who = session.value;
  return (
    <header>
      <a class="mark" href={linkTo({ view: 'overview', names: [], options: {} })}>
        <Mark />
        Nestmeter{who !== null && <span class="app">{who.app}</span>}
      </a>
      <Health />
      <Live />
      <WindowPicker />
      <ThemePicker />
      {who !== null && who.session_ends !== null && (
        <button
          type="button"
          class="button quiet"
          title={`Logged in as ${who.principal}`}
          onClick={() => void logOut()}
        >
          Log out
        </button>
      )}
    </header>
  );
}

function Mark() {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      aria-hidden="true"
    >
      <path class="accent" d="M3.5 16a9 9 0 1 1 17 0" />
      <path d="M12 15l4.5-5" />
      <circle cx="12" cy="15.4" r="1.4" fill="currentColor" stroke="none" />
    </svg>
  );
}

const tones: Readonly<Record<Snapshot['system_health'], string>> = {
  healthy: 'ok',
  degraded: 'warn',
  critical: 'bad',
  unknown: 'plain',
};

/** How the service is, in one line; screen readers are told when it changes. */
function Health() {
  const answer = snapshot.value?.answer;
  const health = answer?.system_health ?? 'unknown';
  const alerts = answer?.active_alerts ?? 0;
  const words = { healthy: 'Healthy', degraded: 'Degraded', critical: 'Critical', unknown: 'Health unknown' }[health];
  const count = alerts === 0 ? '' : ` · ${alerts} ${alerts === 1 ? 'alert' : 'alerts'}`;
  return (
    <a
      class={`pill ${tones[health]}`}
      href={linkTo({ view: 'alerts', names: [], options: {} })}
      title="By the alerts that fire"
    >
      <i aria-hidden="true" />
      <span role="status">
        {answer === undefined && !isPaused.value ? 'Connecting' : words}
        <span class="alert-count">{count}</span>
      </span>
    </a>
  );
}
