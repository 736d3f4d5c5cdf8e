import { ManualClock } from '../clock.js';
import { encodeState, headerBytes } from './encoded-state.js';
import { defineFamily } from './family.js';
import { FamilyState } from './family-state.js';
import { mergeEncoded } from './merge-encoded.js';
import { Pace } from './pace.js';

const family = defineFamily({
  name: 'sample',
  help: 'Calls',
  labels: [{ name: 'name', attribute: 'name' }],
  counters: { calls: { unit: 'calls', help: 'Calls' } },
});

/** Asked once after each state that was added. */
class CountingPace extends Pace {
  added = 0;

  override get isDue(): boolean {
    this.added++;
    return false;
  }
}

const stateOf = (calls: number): Buffer => {
  const state = new FamilyState(family);
  state.at('a').count(0, calls);
  return encodeState(state, { version: 1, final: true, asOfMs: 1.7e12 }, { deflate: false });
};
const withHeader = (encoded: Buffer, from: string, to: string): Buffer =>
  Buffer.from(encoded.toString('latin1').replace(from, to), 'latin1');

const merge = async (states: readonly (readonly [string, Buffer])[]) => {
  const pace = new CountingPace(new ManualClock(1.7e12));
  const { state, broken } = await mergeEncoded(family, new Map(states), pace);
  return { calls: state.at('a').counters[0], broken: [...broken].sort(), added: pace.added };
};

describe('states of a slot', () => {
  it('in a rolling deploy are each read once, however many are of the other release', async () => {
    const own = Array.from({ length: 50 }, (_, index) => [`r:own${index}.0`, stateOf(1)] as const);
    const foreign = own.map(([, encoded], index) => [
      `r:other${index}.0`,
      index % 2 === 0 ? withHeader(encoded, family.signature, 'ffffffff') : withHeader(encoded, '01', '02'),
    ] as const); // prettier-ignore
    const mixed = own.flatMap((one, index) => [one, foreign[index]!]);
    const { calls, broken, added } = await merge(mixed);
    expect([calls, broken]).toEqual([50, foreign.map(([field]) => field).sort()]);
    expect(added).toBe(50);
  });

  it('that are damaged behind their header count not at all, and the others once', async () => {
    const damaged = stateOf(1000).subarray(0, headerBytes + 3);
    const { calls, broken } = await merge([['r:a.0', stateOf(1)], ['r:b.0', damaged], ['r:c.0', stateOf(2)]]); // prettier-ignore
    expect([calls, broken]).toEqual([3, ['r:b.0']]);
  });
});
