import fc from 'fast-check';
import { encodeState } from '../accumulate/encoded-state.js';
import { FamilyState } from '../accumulate/family-state.js';
import { llmFamily } from '../accumulate/llm-family.js';
import { defaultTiers } from '../time-slot.js';
import { encodeFolded } from './folded-state.js';
import { headOf, type KeptHead, type KeptSlot, slotsOf, takeHead, takeSlot } from './kept-contents.js';
import { MemoryContents } from './memory-contents.js';

const now = 1_700_000_000_000;
const slot = { family: 'llm', tier: defaultTiers[0]!, start: now / 1000 };
const state = (version: number, final = false): Buffer =>
  encodeState(new FamilyState(llmFamily), { version, final, asOfMs: now }, { deflate: false });
const folded = (nonce: string): Buffer =>
  encodeFolded({ nonce: nonce.padEnd(16, '-'), contributors: 1, encoded: state(1) });
const kept = (...fields: (readonly [string, Buffer])[]): KeptSlot => ({ slot, fields });
const head: KeptHead = { app: '', savedMs: now - 60_000, complete: false, born: null, gaps: [], documents: [] };

function taken(...slots: readonly KeptSlot[]) {
  const contents = new MemoryContents(1 << 20);
  const outcomes = slots.map((each) => takeSlot(contents, each, now));
  const [found] = [...slotsOf(contents)];
  return { contents, outcomes, fields: Object.fromEntries(found?.fields ?? []) };
}

describe('What a store takes in', () => {
  it('is of each field the newest state, in whatever order and however often it comes', () => {
    const part = fc.array(fc.tuple(fc.constantFrom('r:a.0', 'r:b.0', 'r:b.1'), fc.integer({ min: 1, max: 5 }))).map((states) => kept(...new Map(states.map(([field, version]) => [field, state(version)])))); // prettier-ignore
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const once = taken(...parts);
        expect(taken(...parts.toReversed()).fields).toEqual(once.fields);
        const again = taken(...parts, ...parts);
        expect(again.fields).toEqual(once.fields);
        const size = Object.values(again.fields).reduce((sum, { length }) => sum + length, 0);
        expect(again.contents.bytes).toBe(size);
      }),
    );
  });

  it('leaves out what has expired', () => {
    const { contents } = taken({ ...kept(['r:a.0', state(1)]), slot: { ...slot, start: slot.start - 86_400 } });
    expect(contents.slots.size).toBe(0);
  });

  it('gives a slot that it changes another revision', () => {
    const { contents } = taken(kept(['r:a.0', state(1)]));
    const [stored] = contents.slots.values();
    const before = stored!.revision;
    takeSlot(contents, kept(['r:b.0', state(1)]), now);
    expect(stored!.revision).not.toBe(before);
  });

  it('lists final states as waiting to be folded, and others not', () => {
    const { contents } = taken(kept(['r:a.0', state(1, true)], ['r:b.0', state(1)]));
    expect([...[...contents.slots.values()][0]!.waiting.keys()]).toEqual(['r:a.0']);
  });

  it('takes states that are folded in the file out of those that are here', () => {
    const sum = kept(['*', folded('one')], ['m:a.0', Buffer.from('3')]);
    const { fields, contents } = taken(kept(['r:a.0', state(3, true)], ['r:b.0', state(1)]), sum);
    expect(Object.keys(fields).toSorted()).toEqual(['*', 'm:a.0', 'r:b.0']);
    expect([...contents.slots.values()][0]!.waiting.size).toBe(0);
  });

  it('refuses states that are folded here', () => {
    const sum = kept(['*', folded('one')], ['m:a.0', Buffer.from('3')]);
    const { fields, outcomes } = taken(sum, kept(['r:a.0', state(3, true)]));
    expect([Object.keys(fields).toSorted(), outcomes]).toEqual([
      ['*', 'm:a.0'],
      [true, true],
    ]);
  });

  it('keeps its own sum where the file has another, and says so', () => {
    const { fields, outcomes } = taken(kept(['*', folded('one')]), kept(['*', folded('two')], ['r:b.0', state(1)]));
    expect([fields, outcomes]).toEqual([{ '*': folded('one') }, [true, false]]);
  });

  it('is nothing new for a sealed slot', () => {
    const sealed = kept(['*', folded('one')], ['z', Buffer.from('0')]);
    expect(taken(sealed, sealed)).toMatchObject({ outcomes: [true, true] });
    expect(taken(sealed, kept(['r:a.0', state(1)])).fields).toEqual(Object.fromEntries(sealed.fields));
  });
});

describe('What a store takes over from the head of a file', () => {
  const afterwards = (file: KeptHead, born: KeptHead['born'] = null) => {
    const contents = new MemoryContents(1 << 20);
    contents.born = born;
    takeHead(contents, file, now);
    return headOf(contents, { app: '', savedMs: now, complete: false });
  };

  it('is its birth when it has none, else the earlier time under its own name', () => {
    const born = { id: 'old', since: 5 };
    expect(afterwards({ ...head, born }).born).toEqual(born);
    expect(afterwards({ ...head, born }, { id: 'new', since: 9 }).born).toEqual({ id: 'new', since: 5 });
    expect(afterwards({ ...head, born }, { id: 'new', since: 3 }).born).toEqual({ id: 'new', since: 3 });
    expect(afterwards(head, { id: 'new', since: 3 }).born).toEqual({ id: 'new', since: 3 });
  });

  it('is a gap from when it was saved, unless its process had ended or this one goes on from it', () => {
    const lost = { from: now / 1000 - 60, to: now / 1000, slotSeconds: null, reason: 'store_went_back' };
    const born = { id: 'x', since: 5 };
    expect(afterwards(head).gaps).toEqual([lost]);
    expect(afterwards({ ...head, born }).gaps).toEqual([lost]);
    expect(afterwards({ ...head, complete: true }).gaps).toEqual([]);
    expect(afterwards({ ...head, born }, born).gaps).toEqual([]);
    expect(afterwards({ ...head, savedMs: now + 5000 }).gaps).toEqual([]);
  });

  it('is the higher of two documents', () => {
    const document = (version: number) => ({ name: 'config', version, id: 'a', body: String(version) });
    const contents = new MemoryContents(1 << 20);
    for (const version of [2, 1, 3]) takeHead(contents, { ...head, documents: [document(version)] }, now);
    expect([...contents.documents.values()]).toEqual([document(3)]);
  });
});
