import fc from 'fast-check';
import { anybody, codeOf, Fleet } from '../../../../test/fixtures/config-fleet.js';
import type { ControlDocument } from '../store/upkeep.js';

describe('three replicas', () => {
  const patch = fc.record(
    {
      daily_token_limit: fc.option(fc.integer({ min: 1, max: 9 })),
      live_clients: fc.integer({ min: 1, max: 9 }),
      operation_thresholds_ms: fc.dictionary(fc.constantFrom('a', 'b'), fc.option(fc.integer({ min: 1, max: 9 }))),
      alert_thresholds: fc.array(
        fc.record({ metric: fc.constantFrom('a', 'b'), threshold: fc.option(fc.integer({ max: 9 })) }),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: [] },
  );
  const step = fc.record({
    replica: fc.nat(2),
    what: fc.oneof(
      fc.record({ patch }),
      fc.record({ remove: fc.constantFrom('live_clients', 'operation_thresholds_ms', 'alert_thresholds') }),
    ),
    cut: fc.constantFrom('no', 'cut', 'loses the reply'),
    next: fc.constantFrom('nothing', 'look', 'wiped', 'went back'),
  });

  it('come to one and the same document after any changes, cuts, lost replies, wipes and set-backs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const fleet = new Fleet(3);
        const copies: (ControlDocument | null)[] = [null];
        for (const { replica: index, what, cut, next } of steps) {
          const [network, replica] = [fleet.networks[index]!, fleet.replicas[index]!];
          [network.isCut, network.losesReply] = [cut === 'cut', cut === 'loses the reply'];
          const made = 'patch' in what ? replica.update(what.patch, anybody) : replica.remove(what.remove, anybody);
          expect([null, 'NM_STORE_UNREACHABLE']).toContain(await codeOf(made));
          copies.push(await fleet.document());
          if (next === 'look') await replica.refresh();
          if (next === 'wiped' || next === 'went back') {
            fleet.store = fleet.emptyStore();
            const copy = copies[Math.floor(copies.length / 2)]!;
            if (next === 'went back' && copy !== null) await fleet.store.upkeep.offer(copy, null);
          }
        }
        await fleet.settle();
        const [first, ...rest] = fleet.replicas.map(({ posted, version, alertThresholds }) => ({ posted, version, alertThresholds })); // prettier-ignore
        expect(rest).toEqual([first, first]);
        const fresh = fleet.replica();
        await fresh.refresh();
        expect([fresh.posted, fresh.version]).toEqual([first!.posted, first!.version]);
        expect(fleet.warnings).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('lose no acknowledged change when all change at the same time', async () => {
    const fleet = new Fleet(3);
    const names = Array.from({ length: 30 }, (_, at) => `operation ${at}`);
    await Promise.all(
      names.map((name, at) => fleet.replicas[at % 3]!.update({ operation_thresholds_ms: { [name]: 1 + at } }, anybody)),
    );
    await fleet.settle();
    const expected = Object.fromEntries(names.map((name, at) => [name, 1 + at]));
    for (const { posted, version } of fleet.replicas)
      expect([posted, version]).toEqual([{ operation_thresholds_ms: expected }, 30]);
  });
});
