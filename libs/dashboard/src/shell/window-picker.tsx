import { useState } from 'preact/hooks';
import { windowSeconds } from '../address.js';
import { localInput, momentText } from '../format/time.js';
import { address, go } from '../navigation.js';
import { RequestFailure } from '../api/request.js';
import { Dialog } from '../part/dialog.js';
import type { FormFields } from '../part/form-fields.js';
import { Segments } from '../part/segments.js';

const choices = ['5m', '15m', '1h', '6h', '24h', '7d', '30d', '90d'] as const;

/** How far the page looks back: one of a few lengths, or between two moments. */
export function WindowPicker() {
  const { window } = address.value;
  const [isAsking, setAsking] = useState(false);
  const last = 'last' in window ? window.last : '';
  const own = 'last' in window ? null : rangeText(window.from, window.to);
  const listed = choices.map((choice) => [choice, choice] as const);
  return (
    <div class="window-picker">
      <Segments
        label="Window"
        options={[
          ...listed,
          ...(last !== '' && !choices.some((choice) => choice === last) ? [[last, last] as const] : []),
          ['custom', own ?? 'Custom'],
        ]}
        value={own === null ? last : 'custom'}
        onChoose={(choice) => (choice === 'custom' ? setAsking(true) : go({ window: { last: choice } }))}
      />
      <label class="window-select">
        <span class="visually-hidden">Window</span>
        <select
          value={own === null ? last : 'custom'}
          onChange={({ currentTarget: { value } }) =>
            value === 'custom' ? setAsking(true) : go({ window: { last: value } })
          }
        >
          {listed.map(([choice]) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
          <option value="custom">{own ?? 'Custom'}</option>
        </select>
      </label>
      {isAsking && <CustomWindow onClose={() => setAsking(false)} />}
    </div>
  );
}

function rangeText(from: number, to: number): string {
  const now = Date.now() / 1000;
  return `${momentText(from, now)} – ${momentText(to, now)}`;
}

function CustomWindow({ onClose }: { readonly onClose: () => void }) {
  const { window } = address.peek();
  const now = Date.now() / 1000;
  const [from, to] = 'last' in window ? [now - windowSeconds(window), now] : [window.from, window.to];
  const submit = (fields: FormFields): Promise<void> => {
    const moment = (name: string): number => Math.floor(Date.parse(fields[name] ?? '') / 1000);
    const [start, end] = [moment('from'), moment('to')];
    const problem = problemOf(start, end);
    if (problem !== null) return Promise.reject(new RequestFailure(null, 'window', problem));
    go({ window: { from: start, to: end } });
    return Promise.resolve();
  };
  return (
    <Dialog title="Window" action="Show" onSubmit={submit} onClose={onClose}>
      <label class="field">
        From
        <input type="datetime-local" name="from" required value={localInput(from)} />
      </label>
      <label class="field">
        To
        <input type="datetime-local" name="to" required value={localInput(to)} />
      </label>
      <p class="soft">In your time zone, {Intl.DateTimeFormat().resolvedOptions().timeZone}. Up to 90 days back.</p>
    </Dialog>
  );
}

function problemOf(from: number, to: number): string | null {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return 'Both times are needed.';
  if (to - from < 60) return 'The end must be at least a minute after the start.';
  if (from < Date.now() / 1000 - 90 * 86_400) return 'The start must be at most 90 days ago.';
  return from > Date.now() / 1000 ? 'The start must be in the past.' : null;
}
