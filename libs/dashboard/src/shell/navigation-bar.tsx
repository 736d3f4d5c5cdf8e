import { useLayoutEffect, useRef } from 'preact/hooks';
import { type View, views } from '../address.js';
import { snapshot } from '../api/live.js';
import { address, linkTo } from '../navigation.js';
import { moveFocus } from '../part/move-focus.js';

/** What each view is called. */
export const viewTitles: Readonly<Record<View, string>> = {
  overview: 'Overview',
  endpoints: 'Endpoints',
  operations: 'Operations',
  providers: 'Providers',
  models: 'Models',
  usage: 'Usage & cost',
  stages: 'Stages & queues',
  alerts: 'Alerts',
  replicas: 'Replicas',
  config: 'Configuration',
  toolkit: 'Toolkit',
};

/** Links to all views; arrow keys move among them. Where not all of them fit, the present one is scrolled into sight. */
export function Navigation() {
  const now = address.value;
  const alerts = snapshot.value?.answer.active_alerts ?? 0;
  const bar = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const current = bar.current?.querySelector('[aria-current]')?.getBoundingClientRect();
    if (bar.current === null || current === undefined) return;
    const all = bar.current.getBoundingClientRect();
    bar.current.scrollLeft += current.left + current.width / 2 - (all.left + all.width / 2);
  }, [now.view]);
  return (
    <nav ref={bar} aria-label="Views" onKeyDown={moveFocus}>
      {views.map((view) => (
        <a
          key={view}
          href={linkTo({ view, names: [], options: {} }, now)}
          aria-current={view === now.view ? 'page' : undefined}
        >
          {viewTitles[view]}
          {view === 'alerts' && alerts > 0 && <b class="count">{alerts}</b>}
        </a>
      ))}
    </nav>
  );
}
