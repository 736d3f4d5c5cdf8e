import fc from 'fast-check';
import {
  type Address,
  defaultWindow,
  durationSeconds,
  optionNames,
  parseAddress,
  printAddress,
  type View,
  views,
  windowSeconds,
} from './address.js';

const plain: Address = { view: 'overview', names: [], window: defaultWindow, theme: null, options: {} };

/** How many names each view can be drilled into with. */
const depths: Partial<Record<View, number>> = { endpoints: 1, operations: 1, stages: 1, providers: 2 };

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 });
const windows = fc.oneof(
  fc.constantFrom('5m', '15m', '1h', '6h', '24h', '7d', '30d', '90d', '45s').map((last) => ({ last })),
  fc
    .tuple(fc.integer({ min: 1_500_000_000, max: 4_000_000_000 }), fc.integer({ min: 30, max: 90 * 86_400 }))
    .map(([from, length]) => ({ from, to: from + length })),
);
const addresses: fc.Arbitrary<Address> = fc.constantFrom(...views).chain((view) =>
  fc.record({
    view: fc.constant(view),
    names: fc.array(text, { maxLength: depths[view] ?? 0 }),
    window: windows,
    theme: fc.constantFrom(null, 'system', 'light', 'dark'),
    options: fc.dictionary(fc.constantFrom(...optionNames), text, { maxKeys: optionNames.length }),
  }),
) as fc.Arbitrary<Address>;

describe('an address', () => {
  it('reads what it wrote, whatever the names are', () => {
    fc.assert(fc.property(addresses, (address) => expect(parseAddress(printAddress(address))).toEqual(address)));
  });

  it('understands any text, as a link may have been cut or made up', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (hash) => {
        const address = parseAddress(hash);
        expect(views).toContain(address.view);
        expect(parseAddress(printAddress(address))).toEqual(address);
      }),
    );
  });

  it('is the overview of the last hour when nothing is said', () => {
    for (const hash of ['', '#', '#/', '#/nowhere', '#/overview']) expect(parseAddress(hash)).toEqual(plain);
  });

  it('keeps names with slashes, question marks and signs of markup whole', () => {
    const names = ['a/b?c#d', '<img src=x onerror=alert(1)>'];
    const printed = printAddress({ ...plain, view: 'providers', names });
    expect(printed).not.toContain('<');
    expect(parseAddress(printed).names).toEqual(names);
  });

  it('leaves out names that no view is drilled into with', () => {
    expect(parseAddress('#/overview/x').names).toEqual([]);
    expect(parseAddress('#/endpoints/GET%20%2Fa/b/c').names).toEqual(['GET /a']);
  });

  it('takes half of a character for what it is shown as', () => {
    expect(parseAddress(printAddress({ ...plain, view: 'operations', names: ['a\ud800'] })).names).toEqual(['a\ufffd']);
    expect(parseAddress('#/operations/%ff').names).toEqual(['%ff']);
  });

  it.each([
    ['window=1y', defaultWindow],
    ['window=10s', defaultWindow],
    ['window=91d', defaultWindow],
    ['from=1790000000', defaultWindow],
    ['from=1790003600&to=1790000000', defaultWindow],
    ['from=1790000000&to=1790003600', { from: 1_790_000_000, to: 1_790_003_600 }],
    ['window=6h', { last: '6h' }],
  ])('reads the window of ?%s', (query, window) => {
    expect(parseAddress(`#/overview?${query}`).window).toEqual(window);
  });
});

describe('windowSeconds', () => {
  it('is the length of the window', () => {
    expect(windowSeconds({ last: '15m' })).toBe(900);
    expect(windowSeconds({ from: 10, to: 70 })).toBe(60);
  });

  it('knows nothing shorter than the server does and nothing longer', () => {
    expect([durationSeconds('29s'), durationSeconds('30s'), durationSeconds('90d'), durationSeconds('91d')]).toEqual([
      null,
      30,
      7_776_000,
      null,
    ]);
  });
});
