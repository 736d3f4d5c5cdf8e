import { defaultTiers, type Tier } from '../time-slot.js';
import type { Publication, SlotContents, SlotRef, StateWrite, Store } from './store.js';
import { healingContract } from './healing-contract.js';
import { recordsContract } from './records-contract.js';
import { reservationsContract } from './reservations-contract.js';
import { beatOf, encoded, type StoreSetup, type StoreUnderTest } from './store-under-test.js';
import { upkeepContract } from './upkeep-contract.js';

const finest = defaultTiers[0]!;
const hostileNames = [
  'plain',
  'a:b',
  '{x}',
  '}:r',
  '*',
  '?[a-z]\\',
  'new\nline',
  '__proto__',
  '',
  'é🦊',
  '\ud800',
  ' ',
];

/**
 * What every store must do; memory and Redis run the same suite. It waits in the store's own time, so that a store with a
 * manual clock takes no time.
 */
export function storeContract(name: string, make: (setup: StoreSetup) => Promise<StoreUnderTest>): void {
  upkeepContract(name, make);
  recordsContract(name, make);
  healingContract(name, make);
  reservationsContract(name, make);
  describe(`${name} keeps the contract of stores: it`, () => {
    let store: Store;
    let wait: StoreUnderTest['wait'];
    let numbers = 0;
    let slot: SlotRef;

    const publish = (writes: readonly StateWrite[], more: Partial<Publication> = {}) =>
      store.publish({ beat: beatOf('one', ++numbers), writes, bornCandidate: 'first', ...more });
    const write = (version: number, more: Partial<StateWrite> = {}): StateWrite => ({
      slot,
      field: 'r:one.0',
      version,
      encoded: encoded(version),
      ...more,
    });
    const outcome = async (given: StateWrite) => (await publish([given])).results[0];
    const read = (slots: readonly SlotRef[], knownRevision: string | null = null) =>
      store.read({ slots: slots.map((asked) => ({ slot: asked, knownRevision })), beats: false });
    const contents = async (asked = slot): Promise<SlotContents | null> => {
      const [found] = (await read([asked])).slots;
      expect(found).not.toBe('unchanged');
      return found as SlotContents | null;
    };
    const slotNow = async (tier: Tier = finest): Promise<SlotRef> => {
      const { timeMs } = await store.read({ slots: [], beats: false });
      return { family: 'contract', tier, start: Math.floor(timeMs / 1000 / tier.slotSeconds) * tier.slotSeconds };
    };

    beforeEach(async () => {
      ({ store, wait } = await make({ app: 'contract', intervalMs: 1000 }));
      await store.clear();
      slot = await slotNow();
    });
    afterEach(() => store.stop());

    it('gives back bytes as they were written, whatever they are', async () => {
      const every = Buffer.concat([encoded(1), Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))]);
      expect(await outcome(write(1, { encoded: every }))).toEqual({ outcome: 'stored', found: null });
      expect((await contents())!.fields).toEqual(new Map([['r:one.0', every]]));
    });

    it('replaces a state by one of a higher version only', async () => {
      expect(await outcome(write(5))).toEqual({ outcome: 'stored', found: null });
      expect(await outcome(write(4))).toEqual({ outcome: 'have', found: 5 });
      expect(await outcome(write(5, { encoded: encoded(5, 99) }))).toEqual({ outcome: 'have', found: 5 });
      expect((await contents())!.fields.get('r:one.0')).toEqual(encoded(5));
      expect(await outcome(write(6))).toEqual({ outcome: 'stored', found: 5 });
      expect((await contents())!.fields.get('r:one.0')).toEqual(encoded(6));
    });

    it('never replaces a final state, whatever another process under the same id sends', async () => {
      const final = encoded(3, 3, { final: true });
      await publish([write(3, { encoded: final })]);
      for (const given of [
        write(4),
        write(5, { encoded: encoded(5, 5, { final: true }) }),
        write(6, { encoded: null }),
      ])
        expect(await outcome(given)).toEqual({ outcome: 'have', found: 3 });
      expect((await contents())!.fields.get('r:one.0')).toEqual(final);
    });

    it('tells versions apart up to 15 digits', async () => {
      const large = 999_999_999_999_998;
      await publish([write(large)]);
      expect(await outcome(write(large))).toEqual({ outcome: 'have', found: large });
      expect(await outcome(write(large + 1))).toEqual({ outcome: 'stored', found: large });
    });

    it('answers an audit without writing', async () => {
      expect(await outcome(write(3, { encoded: null }))).toEqual({ outcome: 'missing', found: null });
      expect(await contents()).toBeNull();
      await publish([write(3)]);
      expect(await outcome(write(3, { encoded: null }))).toEqual({ outcome: 'have', found: 3 });
      expect(await outcome(write(4, { encoded: null }))).toEqual({ outcome: 'missing', found: 3 });
    });

    it('keeps states of replicas and lives beside each other, each answered in its place', async () => {
      const fields = ['r:one.0', 'r:one.1', 'r:two.0', 'r:one.0'];
      const { results } = await publish(fields.map((field, index) => write(index + 1, { field })));
      expect(results.map((result) => [result.outcome, result.found])).toEqual([
        ['stored', null],
        ['stored', null],
        ['stored', null],
        ['stored', 1],
      ]);
      expect([...(await contents())!.fields.keys()].sort()).toEqual(['r:one.0', 'r:one.1', 'r:two.0']);
    });

    it('refuses writes and audits of a slot once its write end is reached, and says what it has', async () => {
      const { timeMs } = await store.read({ slots: [], beats: false });
      const retained = finest.retentionSeconds + finest.slotSeconds;
      const start = Math.floor(timeMs / 10_000) * 10;
      const late = { ...slot, start: start - retained };
      const inTime = { ...slot, start: start - retained + 20 };
      expect(await outcome(write(1, { slot: late }))).toEqual({ outcome: 'late', found: null });
      expect(await outcome(write(1, { slot: late, encoded: null }))).toEqual({ outcome: 'late', found: null });
      expect(await contents(late)).toBeNull();
      expect((await outcome(write(1, { slot: inTime })))?.outcome).toBe('stored');
    });

    it('drops a slot two slots after its retention', async () => {
      const brief = await slotNow({ slotSeconds: 1, retentionSeconds: 1 });
      expect((await outcome(write(1, { slot: brief })))?.outcome).toBe('stored');
      expect(await contents(brief)).not.toBeNull();
      await wait(4100);
      expect(await contents(brief)).toBeNull();
    });

    it('changes a revision with every write, and with nothing else', async () => {
      const revisions = [];
      for (const given of [write(1), write(2), write(1, { field: 'r:two.0' })]) {
        await publish([given]);
        revisions.push((await contents())!.revision);
      }
      expect(new Set(revisions).size).toBe(3);
      await publish([write(2), write(9, { encoded: null })]);
      expect((await contents())!.revision).toBe(revisions.at(-1));
    });

    it('answers `unchanged` to whoever knows the revision, and null where nothing is', async () => {
      await publish([write(1)]);
      const { revision } = (await contents())!;
      const empty = { ...slot, family: 'empty' };
      expect((await read([slot, empty], revision)).slots).toEqual(['unchanged', null]);
      await publish([write(2)]);
      expect((await read([slot], revision)).slots[0]).toMatchObject({ fields: new Map([['r:one.0', encoded(2)]]) });
      await store.clear();
      expect((await read([slot], revision)).slots).toEqual([null]);
    });

    it('gives each reader contents that later writes do not change', async () => {
      await publish([write(1)]);
      const before = (await contents())!;
      await publish([write(2), write(1, { field: 'r:two.0' })]);
      expect(before.fields).toEqual(new Map([['r:one.0', encoded(1)]]));
    });

    it('answers for slots in the order asked for, more than a megabyte of them too', async () => {
      const slots = Array.from({ length: 260 }, (_, index) => ({ ...slot, family: `f${index}` }));
      const stateOf = (index: number) => encoded(1, index + 1, { padding: 15_000 });
      for (let from = 0; from < 260; from += 10)
        await publish(
          slots.slice(from, from + 10).flatMap((asked, offset) => {
            const index = from + offset;
            return index % 7 === 3 ? [] : [write(1, { slot: asked, encoded: stateOf(index) })];
          }),
        );
      const answers = (await read(slots)).slots;
      expect(answers).toHaveLength(260);
      answers.forEach((answer, index) => {
        const fields = answer === null ? null : (answer as SlotContents).fields.get('r:one.0')!.equals(stateOf(index));
        expect(fields).toBe(index % 7 === 3 ? null : true);
      });
    });

    it('keeps the last beat of each replica, and never an older one in its place', async () => {
      const beat = beatOf('one', 5, { current: { queue: 1.5 } });
      expect((await publish([], { beat })).previousBeat).toBeNull();
      expect((await publish([], { beat: beatOf('one', 7, { left: true }) })).previousBeat).toBe(5);
      expect((await publish([], { beat: beatOf('one', 6) })).previousBeat).toBe(7);
      await publish([], { beat: beatOf('two', 1) });
      const { beats, timeMs } = await store.read({ slots: [], beats: true });
      const found = beats.map((each) => each.beat).sort((a, b) => a.id.localeCompare(b.id));
      expect(found).toEqual([beatOf('one', 7, { left: true }), beatOf('two', 1)]);
      for (const { atMs } of beats) expect(Math.abs(timeMs - atMs)).toBeLessThan(60_000);
      expect((await store.read({ slots: [], beats: false })).beats).toEqual([]);
    });

    it('gives the beats of living replicas alone to who wants no others', async () => {
      const ids = async (beats: 'live' | true) =>
        (await store.read({ slots: [], beats })).beats.map(({ beat }) => beat.id).sort();
      await publish([], { beat: beatOf('silent', 1) });
      await publish([], { beat: beatOf('left', 1, { left: true }) });
      await wait(3100);
      expect(await ids('live')).toEqual([]);
      await publish([], { beat: beatOf('one', 1) });
      await publish([], { beat: beatOf('two', 1) });
      expect(await ids('live')).toEqual(['one', 'two']);
      expect(await ids(true)).toEqual(['left', 'one', 'silent', 'two']);
    });

    it('counts a replica as live until it leaves or is silent for three intervals', async () => {
      await publish([], { beat: beatOf('silent', 1) });
      await publish([], { beat: beatOf('leaving', 1) });
      const { live } = await publish([], { beat: beatOf('leaving', 2, { left: true }) });
      expect([...live]).toEqual(['silent']);
      await wait(3100);
      expect((await publish([], { beat: beatOf('here', 1) })).live).toEqual(['here']);
      expect((await store.read({ slots: [], beats: false })).live).toEqual(['here']);
    });

    it('is born once, with the first publication, until it is cleared', async () => {
      expect((await store.read({ slots: [], beats: false })).born).toBeNull();
      const first = (await publish([], { bornCandidate: 'a' })).born;
      const { timeMs, born } = await store.read({ slots: [], beats: false });
      expect(born).toEqual(first);
      expect(first.id).toBe('a');
      expect(Math.abs(first.since - timeMs / 1000)).toBeLessThan(60);
      await wait(1100);
      expect((await publish([], { bornCandidate: 'b' })).born).toEqual(first);
      await store.clear();
      const second = (await publish([], { bornCandidate: 'c' })).born;
      expect(second.id).toBe('c');
      expect(second.since).toBeGreaterThan(first.since);
    });

    it('forgets states and beats when it is cleared', async () => {
      await publish([write(1)]);
      await store.clear();
      expect(await contents()).toBeNull();
      expect(await store.read({ slots: [], beats: true })).toMatchObject({ beats: [], live: [], born: null });
      expect(await outcome(write(1))).toEqual({ outcome: 'stored', found: null });
    });

    it('takes any name of a family and tells them all apart', async () => {
      const slots = hostileNames.map((hostile) => ({ ...slot, family: hostile }));
      await publish(slots.map((asked, index) => write(index + 1, { slot: asked })));
      const found = (await read(slots)).slots as SlotContents[];
      found.forEach(({ fields }, index) => expect(fields.get('r:one.0')).toEqual(encoded(index + 1)));
    });

    it('takes any name of an app, and none sees or clears what is of another', async () => {
      const apps = await Promise.all(hostileNames.map((app) => make({ app: `app ${app}`, intervalMs: 1000 })));
      for (const [index, each] of apps.entries())
        await each.store.publish({ beat: beatOf('one', 1), writes: [write(index + 1)], bornCandidate: `${index}` });
      const stored = () =>
        Promise.all(
          apps.map(async (each) => {
            const [found] = (await each.store.read({ slots: [{ slot, knownRevision: null }], beats: false })).slots;
            return found === null ? null : [...(found as SlotContents).fields.values()];
          }),
        );
      expect(await stored()).toEqual(hostileNames.map((_, index) => [encoded(index + 1)]));
      await apps[hostileNames.indexOf('*')]!.store.clear();
      expect(await stored()).toEqual(hostileNames.map((app, index) => (app === '*' ? null : [encoded(index + 1)])));
      await Promise.all(apps.map(async (each) => { await each.store.clear(); await each.store.stop(); })); // prettier-ignore
    });

    it('says what it is, and rejects calls once it is stopped', async () => {
      expect(store.status()).toMatchObject({ state: 'ready', lastError: null });
      await store.settle(10);
      await store.stop();
      expect(store.status().state).toBe('stopped');
      const unreachable = { code: 'NM_STORE_UNREACHABLE' };
      await expect(publish([])).rejects.toMatchObject(unreachable);
      await expect(store.read({ slots: [], beats: false })).rejects.toMatchObject(unreachable);
    });
  });
}
