import { FamilyState } from '../accumulate/family-state.js';
import { decodeInto } from '../accumulate/encoded-state.js';
import { writeEndMs, type Tier } from '../time-slot.js';
import { decodeFolded, decodeSeal, foldedField, sealField, storedVersion } from './folded-state.js';
import { mostDefinitions, type SlotContents, type SlotRef, type StateWrite, type Store } from './store.js';
import { beatOf, contractFamily, encoded, type StoreSetup, type StoreUnderTest } from './store-under-test.js';
import type { Fold, Seal } from './upkeep.js';

const tier: Tier = { slotSeconds: 10, retentionSeconds: 1800 };
/** Its write end is four seconds after its start, its slot is there for four seconds more. */
const brief: Tier = { slotSeconds: 2, retentionSeconds: 2 };
const final = (version: number, calls = version) => encoded(version, calls, { final: true });

/** The part of the store contract that keeps a store in order; see storeContract. */
export function upkeepContract(name: string, make: (setup: StoreSetup) => Promise<StoreUnderTest>): void {
  describe(`${name} can be kept in order: it`, () => {
    let store: Store;
    let wait: StoreUnderTest['wait'];
    let slot: SlotRef;
    let numbers = 0;
    let nonces = 0;

    const nowMs = async () => (await store.read({ slots: [], beats: false })).timeMs;
    const slotOf = async (of: Tier): Promise<SlotRef> => ({
      family: 'contract',
      tier: of,
      start: Math.floor((await nowMs()) / 1000 / of.slotSeconds) * of.slotSeconds,
    });
    const publish = (writes: readonly StateWrite[], id = 'one') =>
      store.publish({ beat: beatOf(id, ++numbers), writes, bornCandidate: 'first' });
    const write = (field: string, state: Buffer, of = slot): StateWrite => ({
      slot: of,
      field,
      version: storedVersion(state),
      encoded: state,
    });
    const outcome = async (given: StateWrite) => (await publish([given])).results[0];
    const contents = async (of = slot): Promise<SlotContents | null> => {
      const { slots } = await store.read({ slots: [{ slot: of, knownRevision: null }], beats: false });
      return slots[0] as SlotContents | null;
    };
    const fields = async (of = slot) => [...((await contents(of))?.fields.keys() ?? [])].sort();
    /** Reads states and makes their fold, as a keeper does that then stands still for a while. */
    const prepare = async (names: readonly string[], of = slot): Promise<Fold> => {
      const parts = (await store.upkeep.parts(of, names))!;
      const sum = new FamilyState(contractFamily);
      for (const state of parts.states.values()) decodeInto(sum, state);
      const known = parts.folded && decodeFolded(parts.folded);
      if (known) decodeInto(sum, known.encoded);
      const calls = sum.at('x').counters[0]!;
      return {
        slot: of,
        nonce: known?.nonce ?? null,
        parts: [...parts.states].map(([field, state]) => ({ field, version: storedVersion(state) })),
        folded: { nonce: `nonce-${String(++nonces).padStart(10, '0')}`, encoded: final(1, calls) },
      };
    };
    const fold = async (...names: string[]) => store.upkeep.fold(await prepare(names));
    const calls = async (of = slot): Promise<number> => {
      const sum = new FamilyState(contractFamily);
      for (const [field, value] of (await contents(of))?.fields ?? [])
        if (field === foldedField) decodeInto(sum, decodeFolded(value).encoded);
        else if (field.startsWith('r:')) decodeInto(sum, value);
      return sum.at('x').counters[0]!;
    };
    const waiting = async () => (await store.upkeep.waiting(100)).map(({ field }) => field);

    beforeEach(async () => {
      ({ store, wait } = await make({ app: 'upkeep', intervalMs: 1000 }));
      await store.clear();
      slot = await slotOf(tier);
    });
    afterEach(() => store.stop());

    it('lists final states that wait to be folded until they are, or are dismissed', async () => {
      await publish([write('r:a.0', final(1)), write('r:b.0', encoded(1)), write('r:c.0', final(1))]);
      const listed = await store.upkeep.waiting(100);
      expect(listed.map(({ field }) => field).sort()).toEqual(['r:a.0', 'r:c.0']);
      expect(listed[0]!.slot).toEqual({ family: 'contract', slotSeconds: 10, start: slot.start });
      expect(Math.abs(listed[0]!.sinceMs - (await nowMs()))).toBeLessThan(60_000);
      expect(await store.upkeep.waiting(1)).toHaveLength(1);
      expect(await fold('r:a.0')).toBe('folded');
      expect(await waiting()).toEqual(['r:c.0']);
      await store.upkeep.dismiss(await store.upkeep.waiting(100));
      expect(await waiting()).toEqual([]);
    });

    it('replaces folded states by their sum, of as many contributors as replicas wrote them', async () => {
      await publish([write('r:a.0', final(3, 5)), write('r:a.1', final(1, 7)), write('r:b.0', final(2, 11))]);
      const before = (await contents())!.revision;
      expect(await fold('r:a.0', 'r:b.0')).toBe('folded');
      expect(await fields()).toEqual(['*', 'r:a.1']);
      expect(await calls()).toBe(23);
      expect((await contents())!.revision).not.toBe(before);
      expect(await fold('r:a.1')).toBe('folded');
      const folded = decodeFolded((await contents())!.fields.get('*')!);
      expect([folded.contributors, await calls(), await fields()]).toEqual([2, 23, ['*']]);
    });

    it('refuses a folded state that comes again, and says that it has it', async () => {
      await publish([write('r:a.0', final(3))]);
      await fold('r:a.0');
      for (const state of [final(3), final(4), encoded(2)])
        expect(await outcome(write('r:a.0', state))).toEqual({ outcome: 'have', found: 3 });
      expect(await outcome({ ...write('r:a.0', final(3)), encoded: null })).toEqual({ outcome: 'have', found: 3 });
      expect(await calls()).toBe(3);
      expect((await outcome(write('r:a.1', final(1))))?.outcome).toBe('stored');
    });

    it('refuses a fold of what is not as it was read: another version, not final, gone, folded already', async () => {
      await publish([write('r:a.0', final(1)), write('r:b.0', encoded(1)), write('r:c.0', final(1))]);
      expect(await fold('r:b.0')).toBe('changed');
      const late = await prepare(['r:a.0']);
      expect(await store.upkeep.fold({ ...late, parts: [{ field: 'r:a.0', version: 2 }] })).toBe('changed');
      expect(await store.upkeep.fold({ ...late, parts: [{ field: 'r:x.0', version: 1 }] })).toBe('changed');
      expect(await store.upkeep.fold({ ...late, nonce: 'nonce-x000000000' })).toBe('changed');
      expect(await fold('r:c.0')).toBe('folded');
      expect(await store.upkeep.fold(late)).toBe('changed');
      expect([await calls(), await fields()]).toEqual([3, ['*', 'r:a.0', 'r:b.0']]);
    });

    it('refuses the second of two keepers who read the same', async () => {
      await publish([write('r:a.0', final(1)), write('r:b.0', final(1))]);
      const [one, two] = [await prepare(['r:a.0', 'r:b.0']), await prepare(['r:a.0'])];
      expect(await store.upkeep.fold(one)).toBe('folded');
      expect(await store.upkeep.fold(two)).toBe('changed');
      expect(await store.upkeep.fold(one)).toBe('changed');
      expect(await calls()).toBe(2);
    });

    it('refuses a fold read before a wipe, whatever was restored and folded since (finding F3)', async () => {
      await publish([write('r:a.0', final(1, 1))]);
      await fold('r:a.0');
      await publish([write('r:b.0', final(1, 10))]);
      const paused = await prepare(['r:b.0']);
      await store.clear();
      await publish([write('r:b.0', final(1, 10))]);
      expect(await store.upkeep.fold(paused)).toBe('changed');
      await fold('r:b.0');
      await publish([write('r:c.0', final(1, 100))]);
      expect(await store.upkeep.fold({ ...paused, parts: [{ field: 'r:c.0', version: 1 }] })).toBe('changed');
      await publish([write('r:a.0', final(1, 1))]);
      expect([await calls(), await fields()]).toEqual([111, ['*', 'r:a.0', 'r:c.0']]);
    });

    it('reads about half a megabyte of parts at once and names the rest', async () => {
      const large = () => encoded(1, 1, { final: true, padding: 200_000 });
      const names = ['r:a.0', 'r:b.0', 'r:c.0', 'r:d.0'];
      for (const field of names) await publish([write(field, large())]);
      const first = (await store.upkeep.parts(slot, null))!;
      expect([first.states.size, first.rest.length, first.folded, first.sealed]).toEqual([3, 1, null, false]);
      const second = (await store.upkeep.parts(slot, first.rest))!;
      expect([...first.states.keys(), ...second.states.keys()].sort()).toEqual(names);
      expect(await store.upkeep.parts({ ...slot, family: 'none' }, null)).toBeNull();
    });

    describe('after the write end', () => {
      const seal = async (of: SlotRef, names: readonly string[], more: Partial<Seal> = {}) => {
        const notBeforeMs = writeEndMs(of.start, of.tier);
        const prepared = await prepare(names, of);
        const nothing = { folded: null };
        return store.upkeep.seal({ ...prepared, beside: [], note: { unfinished: 0, spans: [] }, notBeforeMs, ...(names.length === 0 && nothing), ...more }); // prettier-ignore
      };
      let ended: SlotRef;
      beforeEach(async () => {
        ended = await slotOf(brief);
        await publish([
          write('r:a.0', final(2, 5), ended),
          write('r:b.0', encoded(3, 7), ended),
          write('r:c.0', Buffer.from('damaged'), ended),
        ]);
        await store.upkeep.fold(await prepare(['r:a.0'], ended));
      });
      const beside = [{ field: 'r:c.0', version: 0 }];

      it('seals a slot, unfinished states too: nothing but `*`, `z` and what cannot be merged is left', async () => {
        const note = { unfinished: 1, spans: [{ from: ended.start + 0.5, to: ended.start + 2 }] };
        expect(await seal(ended, ['r:b.0'], { beside, note })).toBe('early');
        await wait(4100);
        expect(await seal(ended, ['r:b.0'], { beside, note })).toBe('sealed');
        expect(await fields(ended)).toEqual(['*', 'r:c.0', 'z']);
        const sealed = (await contents(ended))!.fields;
        expect(decodeSeal(sealed.get(sealField)!)).toEqual(note);
        const folded = decodeFolded(sealed.get(foldedField)!);
        const sum = new FamilyState(contractFamily);
        decodeInto(sum, folded.encoded);
        expect([sum.at('x').counters[0], folded.contributors]).toEqual([12, 2]);
        expect((await store.upkeep.parts(ended, null))!.sealed).toBe(true);
        const indexed = await store.upkeep.slots();
        expect(indexed).toEqual([{ slot: { family: 'contract', slotSeconds: 2, start: ended.start }, sealed: true }]);
        expect((await outcome(write('r:a.0', final(9), ended)))?.outcome).toBe('late');
        expect(await seal(ended, [], { beside })).toBe('changed');
        expect(await waiting()).toEqual([]);
      });

      it('does not seal what is not exactly as it was read', async () => {
        await wait(4100);
        expect(await seal(ended, ['r:b.0'])).toBe('changed');
        expect(await seal(ended, [], { beside })).toBe('changed');
        expect(await seal(ended, ['r:b.0'], { beside, nonce: null })).toBe('changed');
        expect(await seal(ended, ['r:b.0'], { beside: [{ field: 'r:c.0', version: 1 }] })).toBe('changed');
        expect(await fields(ended)).toEqual(['*', 'r:b.0', 'r:c.0']);
      });

      it('seals what is folded already as it is, and refuses folds from then on', async () => {
        await wait(4100);
        const paused = await prepare(['r:b.0'], ended);
        const both = [...beside, { field: 'r:b.0', version: 3 }];
        expect(await seal(ended, [], { beside: both })).toBe('sealed');
        expect(await store.upkeep.fold(paused)).toBe('changed');
        expect(await fields(ended)).toEqual(['*', 'r:b.0', 'r:c.0', 'z']);
      });

      it('prunes from the index what is gone, and nothing that is there', async () => {
        await publish([write('r:a.0', final(1))]);
        const names = (await store.upkeep.slots()).map((entry) => entry.slot);
        expect(names).toHaveLength(2);
        await wait(8100);
        await store.upkeep.prune(names);
        expect((await store.upkeep.slots()).map((entry) => entry.slot.slotSeconds)).toEqual([10]);
        expect(await calls()).toBe(1);
      });
    });

    it('keeps what families are, bounded, and forgets what was not told again since it was read', async () => {
      const define = (family: string, text = family) => ({ family, signature: '0123abcd', text });
      const tell = (...definitions: ReturnType<typeof define>[]) =>
        store.publish({ beat: beatOf('one', ++numbers), writes: [], bornCandidate: 'first', definitions });
      await tell(define('custom.a:}é%'), define('custom.b'));
      await tell(define('custom.b', 'other | text'));
      const told = await store.upkeep.definitions();
      expect(new Map(told.map(({ family, text }) => [family, text]))).toEqual(
        new Map([
          ['custom.a:}é%', 'custom.a:}é%'],
          ['custom.b', 'other | text'],
        ]),
      );
      expect(Math.abs(told[0]!.toldMs - (await nowMs()))).toBeLessThan(60_000);
      await wait(10);
      await tell(define('custom.b'));
      await store.upkeep.forget(told);
      expect((await store.upkeep.definitions()).map(({ family }) => family)).toEqual(['custom.b']);
      await tell(...Array.from({ length: mostDefinitions + 5 }, (_, index) => define(`custom.${index}`)));
      expect(await store.upkeep.definitions()).toHaveLength(mostDefinitions);
      await tell(define('custom.b', 'known'));
      expect((await store.upkeep.definitions()).find(({ family }) => family === 'custom.b')?.text).toBe('known');
    });

    it('forgets all of it when it is cleared', async () => {
      await publish([write('r:a.0', final(1))]);
      await store.upkeep.claim({ token: 'a', replica: 'a', schema: 1, durationMs: 9000, folded: 0, lagMs: 0 });
      await store.upkeep.offer({ name: 'a', version: 1, id: 'a', body: '' }, null);
      const definitions = [{ family: 'a', signature: '0123abcd', text: '' }];
      await store.publish({ beat: beatOf('one', ++numbers), writes: [], bornCandidate: 'first', definitions });
      await store.upkeep.note({ gaps: [{ from: 1, to: 2, slotSeconds: null, reason: 'late' }], since: null });
      await store.clear();
      const { lease, documents } = await publish([]);
      expect(await store.upkeep.definitions()).toEqual([]);
      expect([lease, documents.size, await waiting(), await store.upkeep.slots()]).toEqual([null, 0, [], []]);
      expect((await store.read({ slots: [], beats: false })).gaps).toEqual([]);
    });
  });
}
