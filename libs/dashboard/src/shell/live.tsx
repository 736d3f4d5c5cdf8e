import { isPaused, nowMs } from '../api/following.js';
import { liveState, snapshot } from '../api/live.js';
import { agoText } from '../format/duration.js';
import { isoTime, wholeTime } from '../format/time.js';

const shown = {
  connecting: { text: 'connecting', tone: 'plain', title: 'Waiting for the first numbers' },
  live: { text: 'live', tone: 'ok', title: 'New numbers are pushed every 5 seconds' },
  polling: { text: 'polling', tone: 'ok', title: 'The stream does not get through; numbers are asked for instead' },
  paused: { text: 'paused', tone: 'plain', title: 'Numbers stand still until you go on' },
  offline: { text: 'stale', tone: 'bad', title: 'The service does not answer; what is shown is old' },
} as const;

/** Whether the numbers move, of how many replicas they are, how old they are, and the button that stops them. */
export function Live() {
  const state = liveState.value;
  const { text, tone, title } = shown[state];
  const last = snapshot.value;
  return (
    <div class="live">
      <span class={`pill small ${tone}`} title={title} data-live={state}>
        <i aria-hidden="true" />
        {text}
      </span>
      {last !== null && (
        <span class="freshness">
          <span class="replica-count">
            {last.answer.replicas_live} {last.answer.replicas_live === 1 ? 'replica' : 'replicas'} ·{' '}
          </span>
          <time
            dateTime={isoTime(last.answer.timestamp)}
            title={`Numbers of ${wholeTime(last.answer.timestamp)}`}
            data-updated={last.answer.timestamp}
          >
            {agoText((nowMs.value - last.receivedMs) / 1000)}
          </time>
        </span>
      )}
      <button
        type="button"
        class="button icon"
        aria-pressed={isPaused.value}
        title={isPaused.value ? 'Go on' : 'Pause'}
        aria-label={isPaused.value ? 'Go on' : 'Pause'}
        onClick={() => {
          isPaused.value = !isPaused.value;
        }}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">
          {isPaused.value ? <path d="M5 3.2v9.6L12.6 8z" /> : <path d="M4.5 3.5h2.4v9H4.5zM9.1 3.5h2.4v9H9.1z" />}
        </svg>
      </button>
    </div>
  );
}
