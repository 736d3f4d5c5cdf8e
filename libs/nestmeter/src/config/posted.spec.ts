import fc from 'fast-check';
import { changed, type ConfigChange, decodePosted, encodePosted, hasMore, merged, mostPlaces, nothingPosted, type Path, type PostedState } from './posted.js'; // prettier-ignore

const change = (version: number, id: string, after: Record<string, unknown> = {}): ConfigChange => ({ version, id, timestamp: 0, by: 'test', before: {}, after }); // prettier-ignore

/** States as several replicas make them: an id is drawn once, so that what has the same version and id is the same. */
const arbitraryState = fc
  .array(fc.record({ version: fc.integer({ min: 1, max: 20 }), place: fc.nat(4), taken: fc.boolean() }), {
    maxLength: 20,
  })
  .map((steps) =>
    steps.reduce((state: PostedState, { version, place, taken }) => {
      const path: Path = place < 2 ? [`key${place}`] : ['entries', `name${place}`];
      const id = `${place}${taken}`;
      return changed(state, [[path, taken ? undefined : version]], change(version, id));
    }, nothingPosted),
  );
/** Of a place only the newest counts. */
const newest = (states: readonly PostedState[]) => states.reduce(merged, nothingPosted);
const text = (state: PostedState) => encodePosted(state);

describe('what was posted', () => {
  it('merges commutatively, associatively and idempotently, and never changes its arguments', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryState, arbitraryState, (a, b, c) => {
        const [x, y, z] = [newest([a]), newest([b]), newest([c])];
        const before = [x, y, z].map(text);
        expect(text(merged(x, y))).toBe(text(merged(y, x)));
        expect(text(merged(merged(x, y), z))).toBe(text(merged(x, merged(y, z))));
        expect(text(merged(x, x))).toBe(text(x));
        expect(hasMore(x, merged(x, y))).toBe(false);
        expect([x, y, z].map(text)).toEqual(before);
      }),
    );
  });

  it('is the same after it was written and read', () => {
    fc.assert(
      fc.property(arbitraryState, (state) => {
        const read = decodePosted(encodePosted(state))!;
        expect(text(read)).toBe(text(state));
        expect(hasMore(read, state) || hasMore(state, read)).toBe(false);
      }),
    );
  });

  it('keeps null, which is a value, apart from what was taken back', () => {
    const state = changed(nothingPosted, [[['a'], null], [['b'], undefined]], change(1, 'x')); // prettier-ignore
    const read = decodePosted(encodePosted(state))!;
    expect([...read.places.values()].map(({ value }) => value)).toEqual([null, undefined]);
  });

  it('keeps of two changes of one place the newer one, also when it took the value back', () => {
    const one = changed(nothingPosted, [[['a'], 1]], change(1, 'x'));
    const two = changed(one, [[['a'], undefined]], change(2, 'x'));
    expect(hasMore(two, one)).toBe(true);
    expect(hasMore(one, two)).toBe(false);
    expect([...merged(two, one).places.values()]).toMatchObject([{ version: 2, value: undefined }]);
  });

  it('is bounded: old changes and what was taken back long ago are forgotten, values never', () => {
    let state = nothingPosted;
    for (let version = 1; version <= 2 * mostPlaces; version++)
      state = changed(state, [[['entries', `v${version}`], version % 3 === 0 ? 1 : undefined]], change(version, 'x', { long: 'x'.repeat(5000) })); // prettier-ignore
    const values = [...state.places.values()];
    expect(values.filter(({ value }) => value === 1)).toHaveLength(333);
    expect(values.filter(({ value }) => value === undefined)).toHaveLength(500);
    expect(encodePosted({ ...state, places: new Map() }).length).toBeLessThan(140_000);
    expect(state.changes.at(-1)!.version).toBe(2 * mostPlaces);
    let brief = nothingPosted;
    for (let version = 1; version <= 60; version++) brief = changed(brief, [[['a'], version]], change(version, 'x'));
    expect(brief.changes.map(({ version }) => version)).toEqual(Array.from({ length: 50 }, (_, at) => 11 + at));
  });

  it.each(['', 'null', '[]', '{"places":{}}', '{"places":[{"path":[],"version":1,"id":"a"}],"changes":[]}'])(
    'is not read from what is none: %s',
    (body) => {
      expect(decodePosted(body)).toBeNull();
    },
  );
});
