import { crc32 } from 'node:zlib';
import { type Pace } from '../accumulate/pace.js';
import { decodeGaps, encodeGaps } from './gap.js';
import type { KeptHead, KeptSlot } from './kept-contents.js';
import { readHead, readSlot } from './kept-records.js';

/*
 * The file of a memory store, in two forms of the same records: a head, a record for each slot, an end.
 *
 * Binary: a line with the kind and layout, then blocks of length and CRC-32 (4 bytes each, big-endian) and content: the
 * head as JSON, for each slot the length of a JSON record, the record and the bytes of its fields, and `end <slots>`.
 *
 * JSON: one object, the head with `slots`, a line for each; fields in base64, with a CRC-32 for each slot.
 */

/** What the first line or `format` says. */
const format = 'nestmeter-store';
/** Layout of the file; a file of a later one is not read. */
const layout = 1;
const magic = `${format} ${layout}\n`;
const blockHead = 8;

/** Why a file is not read. */
export class UnreadableFile extends Error {
  constructor(readonly reason: string) {
    super(reason);
  }
}

/** What a file has. */
export interface FileContents {
  readonly head: KeptHead;
  readonly slots: readonly KeptSlot[];
}

/** A file as pieces of about a slot each. @param json whether in the form of JSON */
export function* writtenFile(head: KeptHead, slots: Iterable<KeptSlot>, json: boolean): Generator<Buffer> {
  let count = 0;
  const headRecord = JSON.stringify({ format, version: layout, ...head, gaps: JSON.parse(encodeGaps(head.gaps)) });
  if (json) {
    yield Buffer.from(`${headRecord.slice(0, -1)},"slots":[\n`);
    for (const kept of slots) yield Buffer.from(`${count++ === 0 ? '' : ',\n'}${jsonSlot(kept)}`);
    yield Buffer.from('\n]}\n');
    return;
  }
  yield Buffer.from(magic);
  yield* block([Buffer.from(headRecord)]);
  for (const { slot, fields } of slots) {
    const record = Buffer.from(JSON.stringify([...slotRecord(slot), fields.map(([name, value]) => [name, value.length])])); // prettier-ignore
    yield* block([uint32(record.length), record, ...fields.map(([, value]) => value)]);
    count++;
  }
  yield* block([Buffer.from(`end ${count}`)]);
}

/**
 * Reads a file of either form, wholly or not at all: throws {@link UnreadableFile} for one that is damaged, foreign or of
 * a later release. Gives way to the event loop, but for JSON that was written by others.
 */
export async function readFile(bytes: Buffer, pace: Pace): Promise<FileContents> {
  if (bytes.toString('latin1', 0, magic.length) === magic) return readBinary(bytes, pace);
  const line = new RegExp(`^${format} (\\d{1,9})\\n`).exec(bytes.toString('latin1', 0, 64));
  if (line !== null) throw laterRelease(Number(line[1]));
  if (/^\s*\{/.test(bytes.toString('latin1', 0, 64))) return readJson(bytes, pace);
  throw new UnreadableFile(bytes.length === 0 ? 'empty' : 'not a file of Nestmeter');
}

async function readBinary(bytes: Buffer, pace: Pace): Promise<FileContents> {
  let at = magic.length;
  const next = (): Buffer => {
    if (at + blockHead > bytes.length) throw damaged(at);
    const [from, length, crc] = [at + blockHead, bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
    const content = bytes.subarray(from, from + length);
    if (content.length !== length || crc32(content) !== crc) throw damaged(at);
    at = from + length;
    return content;
  };
  const head = headFrom(parsed(next()));
  const slots: KeptSlot[] = [];
  for (;;) {
    const content = next();
    if (content.toString('latin1', 0, 4) === 'end ') {
      if (content.toString('latin1') !== `end ${slots.length}` || at !== bytes.length) throw damaged(at);
      return { head, slots };
    }
    slots.push(slotFromBlock(content) ?? failed(at));
    if (pace.isDue) await pace.giveWay();
  }
}

function slotFromBlock(content: Buffer): KeptSlot | null {
  const from = 4 + (content.length < 4 ? 0 : content.readUInt32BE(0));
  const [family, slotSeconds, start, retentionSeconds, lengths] = parsed(content.subarray(4, from)) as unknown[];
  let at = from;
  const fields = (lengths as [string, number][]).map(([name, length]): [string, Buffer] => {
    // A copy: a part would keep the whole file in memory.
    const value = Buffer.from(content.subarray(at, at + length));
    at += length;
    return [name, value];
  });
  return at === content.length ? readSlot({ family, slotSeconds, start, retentionSeconds, fields }) : null;
}

async function readJson(bytes: Buffer, pace: Pace): Promise<FileContents> {
  const headEnd = bytes.indexOf('\n');
  const headLine = bytes.toString('utf8', 0, Math.max(0, headEnd));
  // As we wrote it: line by line. As others laid it out: at once.
  if (!headLine.endsWith('"slots":[')) return contentsFromJson(parsed(bytes));
  const head = headFrom(parsed(`${headLine}]}`));
  const slots: KeptSlot[] = [];
  for (let at = headEnd + 1; ;) {
    const end = bytes.indexOf('\n', at);
    const line = bytes.toString('utf8', at, end < 0 ? bytes.length : end);
    if (line.startsWith(']')) {
      if (bytes.toString('utf8', at).trim() !== ']}') throw damaged(at);
      return { head, slots };
    }
    if (end < 0) throw damaged(at);
    if (line !== '') slots.push(slotFromJson(parsed(line.replace(/,$/, ''))) ?? failed(at));
    at = end + 1;
    if (pace.isDue) await pace.giveWay();
  }
}

function contentsFromJson(whole: unknown): FileContents {
  const head = headFrom(whole);
  const { slots } = whole as { slots?: unknown };
  if (!Array.isArray(slots)) throw new UnreadableFile('damaged');
  return { head, slots: (slots as unknown[]).map((row, index) => slotFromJson(row) ?? failed(index)) };
}

function slotFromJson(row: unknown): KeptSlot | null {
  if (typeof row !== 'object' || row === null) return null;
  const { family, slot_seconds: slotSeconds, start, retention_seconds: retentionSeconds, crc32: crc, fields } = row as Record<string, unknown>; // prettier-ignore
  if (typeof fields !== 'object' || fields === null) return null;
  const decoded = Object.entries(fields).map(([name, value]): [string, Buffer] => [name, Buffer.from(String(value), 'base64')]); // prettier-ignore
  return crc === crcOf(decoded) ? readSlot({ family, slotSeconds, start, retentionSeconds, fields: decoded }) : null;
}

function jsonSlot({ slot, fields }: KeptSlot): string {
  const [family, slotSeconds, start, retentionSeconds] = slotRecord(slot);
  return JSON.stringify({
    family,
    slot_seconds: slotSeconds,
    start,
    retention_seconds: retentionSeconds,
    crc32: crcOf(fields),
    fields: Object.fromEntries(fields.map(([name, value]) => [name, value.toString('base64')])),
  });
}

function slotRecord({ family, tier, start }: KeptSlot['slot']) {
  return [family, tier.slotSeconds, start, tier.retentionSeconds] as const;
}

function crcOf(fields: readonly (readonly [string, Buffer])[]): number {
  return fields.reduce((crc, [name, value]) => crc32(value, crc32(`${name}\0`, crc)), 0);
}

function* block(parts: readonly Buffer[]): Generator<Buffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  yield Buffer.concat([uint32(length), uint32(parts.reduce((crc, part) => crc32(part, crc), 0)), ...parts]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function headFrom(record: unknown): KeptHead {
  const { format: kind, version, gaps } = (record ?? {}) as Record<string, unknown>;
  if (kind !== format) throw new UnreadableFile('not a file of Nestmeter');
  if (version !== layout) throw laterRelease(Number(version));
  return { ...(readHead(record) ?? failed(0)), gaps: decodeGaps(JSON.stringify(gaps ?? [])) };
}

function parsed(json: Buffer | string): unknown {
  try {
    return JSON.parse(String(json)) as unknown;
  } catch {
    throw new UnreadableFile('damaged');
  }
}

function laterRelease(version: number): UnreadableFile {
  return new UnreadableFile(`of another release (layout ${version}, not ${layout})`);
}

function damaged(at: number): UnreadableFile {
  return new UnreadableFile(`damaged at byte ${at}`);
}

function failed(at: number): never {
  throw damaged(at);
}
