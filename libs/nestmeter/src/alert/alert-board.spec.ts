import { AlertFleet } from '../../../../test/fixtures/alert-fleet.js';
import { type AlertBoard, boardSchema, emptyBoard, mostAlerts, nextBoard } from './alert-board.js';
import type { Crossed, RuleOutcome } from './evaluate.js';
import { mostHistory, withChanges } from './history.js';
import { defineRule } from './rule.js';

const rule = defineRule({ name: 'queue', metric: 'queue_depth', thresholds: { warning: 100 }, keepFiringSeconds: 0 });
const levels: readonly Crossed[] = [{ severity: 'warning', threshold: 100 }];

/** An outcome that saw queues by name: crossed or not. */
function saw(queues: Readonly<Record<string, boolean>>, state: RuleOutcome['state'] = 'observed'): RuleOutcome {
  const observations = Object.entries(queues).map(([queue, isCrossed]) => ({
    labels: { queue },
    value: 1,
    crossed: isCrossed ? levels : [],
  }));
  return { rule, state, reason: null, observations };
}

function next(before: AlertBoard, outcomes: readonly RuleOutcome[], seconds: number): AlertBoard {
  return nextBoard(before, outcomes, { nowMs: 1_000_000_000 + seconds * 1000, elapsedMs: null, unwatchedMs: 0 });
}

describe('a board', () => {
  it('has one alert for each group of series', () => {
    const board = next(emptyBoard, [saw({ a: true, b: false, c: true })], 0);
    expect(board.alerts.map(({ labels }) => labels)).toEqual([{ queue: 'a' }, { queue: 'c' }]);
    expect(board.rules).toEqual([{ name: 'queue', state: 'firing', reason: null }]);
    expect(board.changes.map(({ kind }) => kind)).toEqual(['fired', 'fired']);
    expect(boardSchema.parse(JSON.parse(JSON.stringify(board)))).toEqual(board);
  });

  it('ends the alert of a group that is not seen any more, and waits while nothing is known', () => {
    const board = next(emptyBoard, [saw({ a: true })], 0);
    const stale = next(board, [saw({}, 'stale')], 10);
    expect(stale.alerts.map(({ id }) => id)).toEqual(board.alerts.map(({ id }) => id));
    expect(next(stale, [saw({}, 'error')], 20).alerts).toHaveLength(1);
    expect(next(stale, [saw({})], 20).alerts).toEqual([]);
    expect(next(stale, [saw({}, 'inactive')], 20).alerts).toEqual([]);
  });

  it('keeps the gravest past its cap, and counts the others', () => {
    const queues = Object.fromEntries(Array.from({ length: mostAlerts + 5 }, (_, index) => [`q${index}`, true]));
    const board = next(emptyBoard, [saw(queues)], 0);
    expect(board.alerts).toHaveLength(mostAlerts);
    expect(board.untracked).toBe(5);
  });

  it('moves what lasts with a clock that is set', () => {
    const board = nextBoard(emptyBoard, [saw({ a: true })], { nowMs: 1_000_000_000, elapsedMs: null, unwatchedMs: 0 });
    const [alert] = nextBoard(board, [saw({ a: true })], {
      nowMs: 900_010_000,
      elapsedMs: 10_000,
      unwatchedMs: 0,
    }).alerts;
    expect(alert).toMatchObject({ firingSinceMs: 900_000_000, id: board.alerts[0]!.id });
  });
});

describe('the history', () => {
  it('takes each change once, and lets go of what is older than 30 days or too much', () => {
    const { changes } = next(emptyBoard, [saw({ a: true })], 0);
    const once = withChanges({ changes: [] }, { changes }, 1_000_000_000);
    expect(withChanges(once, { changes }, 1_000_000_000)).toEqual(once);
    expect(withChanges(once, { changes: [] }, 1_000_000_000 + 31 * 86_400_000).changes).toEqual([]);
    const many = Array.from({ length: mostHistory + 3 }, (_, index) => ({ ...changes[0]!, id: String(index) }));
    expect(withChanges({ changes: [] }, { changes: many }, 1_000_000_000).changes.map(({ id }) => id)[0]).toBe('3');
  });

  it('gets what a keeper had no time to write from the next one', async () => {
    const fleet = new AlertFleet({}, [{ name: 'always', check: () => [{ severity: 'high' }] }]);
    const { history } = fleet.one.records;
    const dies = Object.assign(history, { replace: async () => null });
    await fleet.pass(10);
    expect(dies.body.changes).toEqual([]);
    const other = fleet.add();
    expect((await other.alerts.history(24)).map(({ change }) => change)).toEqual(['fired']);
    fleet.fleet.clock.advance(10_000);
    await other.watch.evaluate();
    expect(other.records.history.body.changes.map(({ kind }) => kind)).toEqual(['fired']);
    fleet.fleet.clock.advance(10_000);
    await other.watch.evaluate();
    expect(other.records.board.body.changes).toEqual([]);
    expect(other.records.history.body.changes).toHaveLength(1);
  });
});
