import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Packr } from 'msgpackr';
import { isSaturated } from './counter.js';
import type { FamilyState } from './family-state.js';
import { mergeGauge } from './gauge.js';
import type { SeriesState } from './series-state.js';
import { mergeTally } from './tally.js';
import { VarintReader, VarintWriter } from './varint.js';

/*
 * Rule 3. A state as the store holds it: a header of plain text that Lua reads with string.sub, then the body.
 *
 *   0  2  schema, two digits
 *   2  8  signature of the family's labels and meters, hex
 *  10 15  version, decimal, zero-padded: every change of the state adds 1
 *  25  1  final: 1 when nothing will be added any more, else 0
 *  26 13  as-of: Unix milliseconds of the store up to which it counts
 *  39  1  body: r as it is, d deflated
 *
 * The body is one MessagePack array of columns (all series' first counter, all series' second counter …), since columns
 * deflate better than rows: [keys, counters, distributions, gauges, tallies]. A column without any count is `0`.
 */

/** Version of this layout. Readers refuse others. */
export const schema = 1;

/** Bytes of the header. */
export const headerBytes = 40;

/** Bodies below this size are not worth a deflate. Level 1 takes half the time of level 3 for 3 % more bytes. */
const deflateFrom = 300;

/** What a state says about itself. */
export interface StateHeader {
  readonly signature: string;
  readonly version: number;
  readonly final: boolean;
  /** Unix milliseconds. */
  readonly asOfMs: number;
}

const packr = new Packr({ useRecords: false, moreTypes: false, int64AsType: 'number' });

type Column = number[] | 0;
type DistributionColumns = [count: number[], sum: number[], m2: number[], min: number[], max: number[], zeros: Column, buckets: Uint8Array]; // prettier-ignore
type GaugeColumns = [weighted: number[], seconds: number[], min: number[], max: number[]];
type Body = [
  keys: string[],
  counters: Column[],
  distributions: (DistributionColumns | 0)[],
  gauges: (GaugeColumns | 0)[],
  tallies: (([string, number][] | 0)[] | 0)[],
];

/**
 * Encodes a state.
 *
 * @param deflate open states are sent every second and stay as they are; closed ones are worth the processor time
 */
export function encodeState(
  state: FamilyState,
  header: Omit<StateHeader, 'signature'>,
  { deflate }: { deflate: boolean },
): Buffer {
  const body = packr.pack(encodeBody(state));
  const deflated = deflate && body.length >= deflateFrom ? deflateRawSync(body, { level: 1 }) : body;
  const pays = deflated.length < body.length * 0.9;
  const head =
    String(schema).padStart(2, '0') +
    state.family.signature +
    String(header.version).padStart(15, '0') +
    (header.final ? '1' : '0') +
    String(Math.max(0, Math.floor(header.asOfMs))).padStart(13, '0') +
    (pays ? 'd' : 'r');
  return Buffer.concat([Buffer.from(head, 'latin1'), pays ? deflated : body]);
}

/** Reads the header alone; null when it is not one of this schema. */
export function readHeader(encoded: Buffer): StateHeader | null {
  const head = encoded.toString('latin1', 0, headerBytes);
  const fields = /^01([0-9a-f]{8})(\d{15})([01])(\d{13})[rd]$/.exec(head);
  if (fields === null) return null;
  return {
    signature: fields[1]!,
    version: Number(fields[2]),
    final: fields[3] === '1',
    asOfMs: Number(fields[4]),
  };
}

/**
 * Adds an encoded state to `target`, without building it first. Throws when it is of another schema or signature or
 * does not decode wholly; `target` may then hold a part of it, so that callers decode into one they can drop.
 */
export function decodeInto(target: FamilyState, encoded: Buffer): void {
  const header = readHeader(encoded);
  if (header === null) throw new RangeError('a state must start with a header of this schema');
  if (header.signature !== target.family.signature)
    throw new RangeError(`a state of family ${target.family.name} must have its signature`);
  const rest = encoded.subarray(headerBytes);
  const body = encoded[headerBytes - 1] === 0x64 ? inflate(rest) : rest;
  decodeBody(target, packr.unpack(body) as Body);
}

/** In one chunk as a rule: states deflate to about half, and joining chunks costs a tenth of the whole. */
function inflate(deflated: Buffer): Buffer {
  return inflateRawSync(deflated, { maxOutputLength: 64 << 20, chunkSize: Math.max(16_384, 4 * deflated.length) });
}

function encodeBody({ family, series }: FamilyState): Body {
  const states = [...series.values()];
  return [
    [...series.keys()],
    family.specs.counters.map((_, column) => columnOf(states, (state) => state.counters[column]!)),
    family.specs.distributions.map((_, column) => distributionColumns(states, column)),
    family.specs.gauges.map((_, column) => gaugeColumns(states, column)),
    family.specs.tallies.map((_, column) =>
      states.some((state) => state.tallies[column])
        ? states.map((state) => (state.tallies[column] ? [...state.tallies[column]] : 0))
        : 0,
    ),
  ];
}

function columnOf(states: readonly SeriesState[], value: (state: SeriesState) => number): Column {
  let any = false;
  const column = states.map((state) => {
    const cell = value(state);
    any ||= cell !== 0;
    return cell;
  });
  return any ? column : 0;
}

function distributionColumns(states: readonly SeriesState[], column: number): DistributionColumns | 0 {
  if (!states.some((state) => state.distributions[column])) return 0;
  const writer = new VarintWriter();
  const columns: DistributionColumns = [[], [], [], [], [], 0, new Uint8Array(0)];
  const zeros = columnOf(states, (state) => state.distributions[column]?.zeros ?? 0);
  for (const state of states) {
    const distribution = state.distributions[column];
    columns[0].push(distribution?.count ?? 0);
    if (!distribution || distribution.count === 0) continue;
    columns[1].push(distribution.sum);
    columns[2].push(distribution.m2);
    columns[3].push(distribution.min);
    columns[4].push(distribution.max);
    distribution.buckets.write(writer);
  }
  columns[5] = zeros;
  columns[6] = writer.take();
  return columns;
}

function gaugeColumns(states: readonly SeriesState[], column: number): GaugeColumns | 0 {
  if (!states.some((state) => state.gauges[column])) return 0;
  const cells = states.map((state) => state.gauges[column]);
  return [
    cells.map((gauge) => gauge?.weighted ?? 0),
    cells.map((gauge) => gauge?.seconds ?? 0),
    cells.map((gauge) => gauge?.min ?? Infinity),
    cells.map((gauge) => gauge?.max ?? -Infinity),
  ];
}

function decodeBody(target: FamilyState, body: Body): void {
  checkShape(target, body);
  const [keys, counters, distributions, gauges, tallies] = body;
  const states = keys.map((key) => target.at(key));
  counters.forEach((column, counter) => {
    if (column !== 0) states.forEach((state, row) => state.count(counter, countOf(column[row])));
  });
  distributions.forEach((columns, distribution) => {
    if (columns !== 0) decodeDistributions(states, distribution, columns);
  });
  gauges.forEach((columns, gauge) => {
    if (columns !== 0) decodeGauges(states, gauge, columns);
  });
  tallies.forEach((column, tally) => {
    if (column !== 0) decodeTallies(states, tally, column);
  });
  target.bound();
}

/** Throws unless keys and columns are as many and as long as they must be; what is in them is checked cell by cell. */
function checkShape({ family }: FamilyState, body: Body): void {
  const { specs, labels } = family;
  const isList = (list: unknown, length: number): boolean => Array.isArray(list) && list.length === length;
  const areLists = (section: unknown, columns: number, length: number): boolean =>
    isList(section, columns) && (section as unknown[]).every((column) => column === 0 || isList(column, length));
  const fits =
    isList(body, 5) &&
    Array.isArray(body[0]) &&
    body[0].every((key) => isKey(key, labels.length)) &&
    areLists(body[1], specs.counters.length, body[0].length) &&
    areLists(body[2], specs.distributions.length, 7) &&
    areLists(body[3], specs.gauges.length, 4) &&
    areLists(body[4], specs.tallies.length, body[0].length);
  if (!fits) throw new RangeError(`a state of family ${family.name} must have its columns`);
}

function decodeDistributions(states: readonly SeriesState[], column: number, columns: DistributionColumns): void {
  const [count, sum, m2, min, max, zeros, buckets] = columns;
  if (!(buckets instanceof Uint8Array)) throw new RangeError('buckets must be bytes');
  const reader = new VarintReader(buckets);
  let cell = 0;
  for (let row = 0; row < states.length; row++) {
    const values = countOf(count[row]);
    if (values === 0) continue;
    const distribution = states[row]!.distribution(column);
    const zero = zeros === 0 ? 0 : countOf(zeros[row]);
    distribution.mergeMoments(
      values,
      countOf(sum[cell]),
      Math.max(0, numberOf(m2[cell])),
      numberOf(min[cell]),
      numberOf(max[cell]),
      zero,
    );
    const counted = distribution.buckets.read(reader) + zero;
    if (counted !== values && !isSaturated(values)) throw new RangeError('buckets must add up to the count');
    cell++;
  }
  reader.finish();
}

function decodeGauges(states: readonly SeriesState[], column: number, columns: GaugeColumns): void {
  const [weighted, seconds, min, max] = columns;
  states.forEach((state, row) => {
    if (min[row] === Infinity) return;
    mergeGauge(state.gauge(column), {
      weighted: numberOf(weighted[row]),
      seconds: Math.max(0, numberOf(seconds[row])),
      min: numberOf(min[row]),
      max: numberOf(max[row]),
    });
  });
}

function decodeTallies(states: readonly SeriesState[], tally: number, column: ([string, number][] | 0)[]): void {
  column.forEach((cell, row) => {
    if (cell === 0) return;
    if (!cell.every(([key]) => typeof key === 'string')) throw new RangeError('a key of a tally must be text');
    mergeTally(
      states[row]!.tally(tally),
      cell.map(([key, count]) => [key, countOf(count)]),
    );
  });
}

function isKey(key: unknown, labels: number): key is string {
  if (typeof key !== 'string') return false;
  if (labels === 0) return key === '';
  let separators = 0;
  for (let at = key.indexOf('\0'); at >= 0; at = key.indexOf('\0', at + 1)) separators++;
  return separators === labels - 1;
}

/** A count of a body. What went bad on its way must not become NaN in everybody's sums. */
function countOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new RangeError('a count must be a safe integer');
  return value as number;
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number' || Number.isNaN(value)) throw new RangeError('a cell must be a number');
  return value;
}
