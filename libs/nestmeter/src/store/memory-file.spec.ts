import fc from 'fast-check';
import { crc32 } from 'node:zlib';
import { Pace } from '../accumulate/pace.js';
import { systemClock } from '../clock.js';
import { gapReasons, type GapReason } from './gap.js';
import type { KeptHead, KeptSlot } from './kept-contents.js';
import { type FileContents, readFile, UnreadableFile, writtenFile } from './memory-file.js';

const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
const field = fc.oneof(
  fc.constantFrom('*', 'z', 'e'),
  fc.tuple(fc.constantFrom('r', 'm'), fc.base64String({ minLength: 1, maxLength: 20 }), fc.nat()).map(([kind, id, generation]) => `${kind}:${id}.${generation}`), // prettier-ignore
);
const slot: fc.Arbitrary<KeptSlot> = fc.record({
  slot: fc
    .tuple(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(1, 10, 120, 21_600),
      fc.nat(1e6),
      fc.integer({ min: 1, max: 86_400 }),
    ) // prettier-ignore
    .map(([family, slotSeconds, at, retentionSeconds]) => ({
      family: family.toWellFormed(),
      start: at * slotSeconds,
      tier: { slotSeconds, retentionSeconds },
    })),
  fields: fc.uniqueArray(fc.tuple(field, bytes), { selector: ([name]) => name, maxLength: 5 }),
});
const head: fc.Arbitrary<KeptHead> = fc.record({
  app: fc.string(),
  savedMs: fc.nat(),
  complete: fc.boolean(),
  born: fc.option(fc.record({ id: fc.string(), since: fc.nat() })),
  gaps: fc.array(
    fc.record({
      from: fc.nat(),
      to: fc.nat(),
      slotSeconds: fc.option(fc.nat()),
      reason: fc.constantFrom(...(Object.keys(gapReasons) as GapReason[])),
    }),
    { maxLength: 3 },
  ),
  documents: fc.array(fc.record({ name: fc.string(), version: fc.nat(), id: fc.string(), body: fc.string() }), {
    maxLength: 3,
  }),
});
const file: fc.Arbitrary<FileContents> = fc.record({ head, slots: fc.array(slot, { maxLength: 5 }) });

const write = ({ head: kept, slots }: FileContents, json = false): Buffer =>
  Buffer.concat([...writtenFile(kept, slots, json)]);
const read = (written: Buffer): Promise<FileContents> => readFile(written, new Pace(systemClock));
const example: FileContents = {
  head: {
    app: 'shop',
    savedMs: 1_700_000_000_000,
    complete: false,
    born: { id: 'x', since: 1_699_000_000 },
    gaps: [{ from: 1, to: 2, slotSeconds: 10, reason: 'late' }],
    documents: [{ name: 'config', version: 1, id: 'a', body: '{}' }],
  },
  slots: [10, 20].map((start) => ({
    slot: { family: 'llm', start, tier: { slotSeconds: 10, retentionSeconds: 1800 } },
    fields: [
      ['r:one.0', Buffer.from(`state of ${start}`)],
      ['z', Buffer.from('0')],
    ],
  })),
};

describe.each([
  ['binary', false],
  ['JSON', true],
])('A file in the form of %s', (_, json) => {
  it('reads as what was written', () =>
    fc.assert(fc.asyncProperty(file, async (kept) => expect(await read(write(kept, json))).toEqual(kept))));

  it('is unreadable, never anything else, wherever it is cut off', async () => {
    const written = write(example, json);
    // JSON without its last line end is whole.
    for (let length = 0; length < written.length - (json ? 1 : 0); length++)
      await expect(read(written.subarray(0, length))).rejects.toThrow(UnreadableFile);
    expect(await read(written)).toEqual(example);
  });

  it('never reads as other states, whichever byte is another', async () => {
    const written = write(example, json);
    const states = ({ slots }: FileContents) => slots.map(({ fields }) => fields);
    const outcomes = new Set<string>();
    for (let at = 0; at < written.length; at++) {
      const changed = Buffer.from(written);
      changed[at] = changed[at]! ^ 1;
      outcomes.add(
        await read(changed).then(
          (found) => JSON.stringify(states(found)),
          (error: unknown) => (error instanceof UnreadableFile ? 'unreadable' : String(error)),
        ),
      );
    }
    // What is beside the states in JSON has no sum of its own.
    const allowed = ['unreadable', ...(json ? [JSON.stringify(states(example))] : [])];
    expect([...outcomes].toSorted()).toEqual(allowed.toSorted());
  });

  it('is read, or unreadable, whatever is put between its bytes', () =>
    fc.assert(
      fc.asyncProperty(file, fc.nat(), bytes, async (kept, at, junk) => {
        const written = write(kept, json);
        const [before, after] = [written.subarray(0, at % written.length), written.subarray(at % written.length)];
        const isExpected = await read(Buffer.concat([before, junk, after])).then(
          () => true,
          (error: unknown) => error instanceof UnreadableFile,
        );
        expect(isExpected).toBe(true);
      }),
    ));
});

describe('A file', () => {
  it('reads too when others have laid out its JSON anew', async () => {
    const pretty = JSON.stringify(JSON.parse(String(write(example, true))), null, 2);
    expect(await read(Buffer.from(pretty))).toEqual(example);
  });

  it.each([
    ['empty', '', /empty/],
    ['an image', '\x89PNG\r\n\x1a\n', /not a file of Nestmeter/],
    ['JSON of something else', '{"name":"x"}', /not a file of Nestmeter/],
    ['JSON of a list', '[1]', /not a file of Nestmeter/],
    ['of a later release', 'nestmeter-store 2\nwhatever', /another release \(layout 2, not 1\)/],
    ['JSON of a later release', '{"format":"nestmeter-store","version":2,"slots":[]}', /another release/],
    ['JSON without slots', '{"format":"nestmeter-store","version":1}', /damaged/],
    ['no file at all but a line', 'nestmeter-store 1\n', /damaged at byte 18/],
  ])('that is %s says so', async (_, text, expected) => {
    await expect(read(Buffer.from(text, 'latin1'))).rejects.toThrow(expected);
  });

  it.each([
    ['a slot length of no day', [1, 'f', 0, 10, 1800]],
    ['a slot that begins at no slot', ['f', 10, 15, 1800, []]],
    ['a field of another kind', ['f', 10, 10, 1800, [['x:y', 0]]]],
    ['a retention of centuries', ['f', 10, 10, 1e12, []]],
  ])('with %s is damaged, though its sums are right', async (_, record) => {
    const json = Buffer.from(JSON.stringify(record.length === 5 && record[4] === 1800 ? [...record.slice(1), []] : record)); // prettier-ignore
    const content = Buffer.concat([uint32(json.length), json]);
    const kept = write({ ...example, slots: [] });
    const end = kept.length - (8 + 'end 0'.length);
    const spoilt = Buffer.concat([kept.subarray(0, end), uint32(content.length), uint32(crc32(content)), content]);
    await expect(read(spoilt)).rejects.toThrow(UnreadableFile);
  });
});

function uint32(value: number): Buffer {
  const written = Buffer.alloc(4);
  written.writeUInt32BE(value);
  return written;
}
