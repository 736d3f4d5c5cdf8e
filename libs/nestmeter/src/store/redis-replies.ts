import { type ScriptReply, list, pairs, text } from './redis-scripts.js';
import type { StoredUpTo } from './gap.js';
import type { Beat, Born, ReadReply, Receipt, SlotContents, WriteResult } from './store.js';
import type { Lease, ToldDefinition } from './upkeep.js';

/*
 * What scripts answer, as the contract says it. What does not read so, of a later release perhaps, is passed over.
 */

const outcomes = { s: 'stored', h: 'have', m: 'missing', l: 'late' } as const;

/** The outcome of a write. @param reply outcome and version found of each write, flat */
export function readResult(reply: ScriptReply, write: number): WriteResult {
  const found = text(reply[write * 2 + 1]);
  return {
    outcome: outcomes[text(reply[write * 2]) as keyof typeof outcomes],
    found: found === '' ? null : Number(found),
  };
}

/** `<id>|<since>`. */
export function readBorn(born: string): Born | null {
  const bar = born.indexOf('|');
  return bar < 0 ? null : { id: born.slice(0, bar), since: Number(born.slice(bar + 1)) };
}

/** One answer of read.lua. */
export function readSlot(answer: ScriptReply[number]): SlotContents | 'unchanged' | 'lost' | null {
  if (!Array.isArray(answer)) return answer === 1 ? 'unchanged' : answer === 2 ? 'lost' : null;
  const fields = new Map<string, Buffer>();
  for (let at = 2; at < answer.length; at += 2) fields.set(text(answer[at]), answer[at + 1] as Buffer);
  const both = text(answer[1]);
  return { revision: text(answer[0]), fields, alsoFolded: new Set(both === '' ? [] : both.split(' ')) };
}

/**
 * Up to when everything is stored: in the finest tier, the least of the others, so that Lua need not look at more, then
 * `<slot seconds>=<ms>`.
 */
export function writeStoredUpTo(storedUpTo: StoredUpTo): string {
  if (storedUpTo.size === 0) return '';
  const tiers = [...storedUpTo].sort(([one], [other]) => one - other).map(([tier, ms]) => [tier, Math.floor(ms)] as const); // prettier-ignore
  const [finest, ...others] = tiers.map(([, ms]) => ms);
  return [finest, Math.min(...(others.length === 0 ? [finest!] : others)), ...tiers.map((tier) => tier.join('='))].join(' '); // prettier-ignore
}

/** Reads what {@link writeStoredUpTo} wrote; empty for anything else. */
export function readStoredUpTo(stored: string): StoredUpTo {
  return new Map([...stored.matchAll(/(\d{1,6})=(\d{1,15})/g)].map(([, tier, ms]) => [Number(tier), Number(ms)]));
}

/** Beats as `<number>|<ms>|<call>|<back>|<json>`, see publish.lua. */
export function readBeats(reply: ScriptReply): ReadReply['beats'] {
  const beats: { atMs: number; beat: Beat }[] = [];
  for (const [, value] of pairs(reply)) {
    const match = /^(\d+)\|(\d+)\|[^|]*\|[^|]*\|(\{.*\})$/s.exec(text(value));
    if (match === null) continue;
    try {
      const body = JSON.parse(match[3]!) as Omit<Beat, 'number'>;
      beats.push({ atMs: Number(match[2]), beat: { ...body, number: Number(match[1]) } });
    } catch {
      continue;
    }
  }
  return beats;
}

/** Definitions as `<family>:<signature>` and `<told ms>|<text>`. */
export function readDefinitions(entries: readonly [ScriptReply[number], ScriptReply[number]][]): ToldDefinition[] {
  return entries.flatMap(([field, value]) => {
    const told = /^(\d{1,15})\|(.*)$/s.exec(text(value));
    const [, family, signature] = /^([^:]*):([0-9a-f]{8})$/.exec(text(field)) ?? [];
    if (told === null || family === undefined || !isEncoded(family)) return [];
    return [{ family: decodeURIComponent(family), signature: signature!, toldMs: Number(told[1]), text: told[2]! }];
  });
}

/** `<token>|<until ms>|<schema>|<folded>|<lag ms>|<replica>`. */
export function readLease(value: string): Lease | null {
  const match = /^([^|]*)\|(\d+)\|(\d+)\|(\d+)\|(\d+)\|(.*)$/s.exec(value);
  if (match === null) return null;
  const [untilMs, schema, folded, lagMs] = match.slice(2, 6).map(Number) as [number, number, number, number];
  return { token: match[1]!, replica: match[6]!, untilMs, schema, folded, lagMs };
}

/** The fields of control: the lease, and what there is of documents. */
export function readControl(reply: ScriptReply): Pick<Receipt, 'lease' | 'documents'> {
  let lease: Lease | null = null;
  const documents = new Map<string, { version: number; id: string }>();
  for (const [field, value] of pairs(list(reply))) {
    if (text(field) === 'lease') lease = readLease(text(value));
    else documents.set(text(field).slice(2), readHead(text(value)));
  }
  return { lease, documents };
}

/** `<version>|<id>` of a control document. */
export function readHead(head: string): { version: number; id: string } {
  const bar = head.indexOf('|');
  return { version: Number(head.slice(0, bar)), id: head.slice(bar + 1) };
}

/** Whether a name can be decoded: a percent sign may be anything's. */
function isEncoded(name: string): boolean {
  try {
    return decodeURIComponent(name) !== '';
  } catch {
    return false;
  }
}
