import { nowMs } from '../api/following.js';
import { snapshot } from '../api/live.js';
import { useAnswer } from '../api/resource.js';
import { momentText, wholeTime } from '../format/time.js';
import { windowHead } from '../api/window.js';
import { linkTo } from '../navigation.js';

/** Says since when numbers are known to be too low, and why, as long as they are. */
export function IncompleteBanner() {
  const live = snapshot.value?.answer;
  const windowed = windowHead.value;
  const isIncomplete = live?.complete === false || windowed?.complete === false;
  const health = useAnswer('health', isIncomplete ? {} : null, 10_000).answer;
  if (!isIncomplete) return null;
  const gaps = [...(windowed?.gaps ?? []), ...(live?.gaps ?? [])].toSorted((a, b) => a.from - b.from);
  const now = nowMs.peek() / 1000;
  const lasts = live?.complete === false;
  const [first, last] = [gaps[0], gaps.at(-1)];
  const reasons = [...new Set(gaps.map(({ reason }) => reason))];
  return (
    <section class="banner" role="status" aria-label="Incomplete numbers" data-incomplete={lasts ? 'now' : 'past'}>
      <b>
        Numbers are incomplete{' '}
        {first !== undefined && (
          <span title={wholeTime(first.from)}>
            {lasts ? 'since' : 'from'} {momentText(first.from, now)}
          </span>
        )}
        {!lasts && last !== undefined && <span title={wholeTime(last.to)}> to {momentText(last.to, now)}</span>}
      </b>
      <span>
        {reasons.join('; ')}
        {health !== null && health.store.state !== 'ready' && ` · ${health.store.kind} is ${health.store.state}`}
      </span>
      <a href={linkTo({ view: 'toolkit', names: [], options: {} })}>See the toolkit</a>
    </section>
  );
}
