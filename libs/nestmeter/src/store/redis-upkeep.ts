import { expiresAt } from '../time-slot.js';
import { encodeSeal } from './folded-state.js';
import { addGaps, decodeGaps, encodeGaps, silentGaps } from './gap.js';
import { unreachable } from './redis-connection.js';
import type { RedisKeys } from './redis-keys.js';
import { readBorn, readDefinitions, readHead, readLease, readStoredUpTo } from './redis-replies.js';
import { list, pairs, type RedisScripts, text, threes } from './redis-scripts.js';
import { definitionField, slotId, slotName, type SlotRef } from './store.js';
import {
  type Claim,
  type ControlDocument,
  type DocumentHead,
  type Fold,
  type IndexedSlot,
  type Lease,
  type Note,
  partBytes,
  type ReadState,
  type Reservation,
  type Reserved,
  restoringMs,
  type Seal,
  type SlotName,
  type SlotParts,
  type ToldDefinition,
  type Upkeep,
  type WaitingState,
} from './upkeep.js';

/** Slots pruned in one call. */
const pruneSlots = 500;
/** Beats removed in one call. */
const retiredBeats = 500;
/** Times a note is tried while others write theirs. */
const noteAttempts = 5;

/** What keeps a Redis in order: one script per operation. */
export class RedisUpkeep implements Upkeep {
  constructor(
    private readonly keys: RedisKeys,
    private readonly scripts: RedisScripts,
  ) {}

  async claim({ token, replica, schema, durationMs, folded, lagMs }: Claim): Promise<Lease> {
    const shown = `${folded}|${Math.round(lagMs)}|${replica}`;
    const lease = await this.scripts.run('claim', [this.keys.control], [token, schema, durationMs, shown]);
    return readLease(text(lease))!;
  }

  async release(token: string): Promise<void> {
    await this.scripts.run('release', [this.keys.control], [token]);
  }

  async waiting(limit: number): Promise<WaitingState[]> {
    const reply = pairs(await this.scripts.run('waiting', [this.keys.finals], [limit]));
    return reply.flatMap(([member, score]) => {
      const name = text(member);
      const slash = name.indexOf('/');
      const slot = slotName(name.slice(0, slash));
      return slot === null ? [] : [{ slot, field: name.slice(slash + 1), sinceMs: Number(text(score)) }];
    });
  }

  async dismiss(states: readonly WaitingState[]): Promise<void> {
    const members = states.map(({ slot, field }) => `${slotId(slot)}/${field}`);
    if (members.length > 0) await this.scripts.run('dismiss', [this.keys.finals], members);
  }

  async parts(slot: SlotRef, fields: readonly string[] | null): Promise<SlotParts | null> {
    const reply = await this.scripts.run(
      'parts',
      [this.keys.slot(slot)],
      [partBytes, fields === null ? '1' : '', ...(fields ?? [])],
    );
    if (!Array.isArray(reply)) return null;
    const [folded, sealed, states, rest] = reply;
    return {
      folded: text(folded) === '' ? null : (folded as Buffer),
      sealed: text(sealed) === '1',
      states: new Map(pairs(states).map(([field, state]) => [text(field), state as Buffer])),
      rest: list(rest).map(text),
    };
  }

  async fold({ slot, nonce, parts, folded }: Fold): Promise<'folded' | 'changed'> {
    const head = [nonce ?? '', folded.nonce, folded.encoded, expiresAt(slot.start, slot.tier)];
    const isDone = await this.scripts.run('fold', this.#slotKeys(slot), [...head, ...versions(parts)]);
    return isDone === 1 ? 'folded' : 'changed';
  }

  async seal({ slot, nonce, parts, beside, folded, notBeforeMs, note }: Seal): Promise<'sealed' | 'changed' | 'early'> {
    const sum = [nonce ?? '', folded?.nonce ?? '', folded?.encoded ?? ''];
    const rest = [expiresAt(slot.start, slot.tier), notBeforeMs, encodeSeal(note), parts.length];
    const args = [...sum, ...rest, ...versions([...parts, ...beside])];
    const outcome = await this.scripts.run('seal', this.#slotKeys(slot), args);
    return outcome === 1 ? 'sealed' : outcome === 2 ? 'early' : 'changed';
  }

  async slots(): Promise<IndexedSlot[]> {
    const slots = new Map<string, IndexedSlot>();
    let cursor = '0';
    do {
      const [next, entries] = list(await this.scripts.run('slots', [this.keys.index], [cursor]));
      cursor = text(next);
      for (const [id, revision] of pairs(entries)) {
        const slot = slotName(text(id));
        if (slot !== null) slots.set(text(id), { slot, sealed: text(revision).endsWith('z') });
      }
    } while (cursor !== '0');
    return [...slots.values()];
  }

  async prune(slots: readonly SlotName[]): Promise<void> {
    for (let at = 0; at < slots.length; at += pruneSlots) {
      const keys = slots.slice(at, at + pruneSlots).map((slot) => this.keys.slot(slot));
      await this.scripts.run('prune', [this.keys.index, ...keys], []);
    }
  }

  async retire(beforeMs: number): Promise<void> {
    const { beats, live, stored } = this.keys;
    for (let found = retiredBeats; found >= retiredBeats;) {
      const quiet = threes(await this.scripts.run('quiet', [live, stored], [Math.floor(beforeMs), retiredBeats]));
      found = quiet.length;
      if (found === 0) return;
      const fallen = quiet.filter(([, atMs]) => Number(text(atMs)) >= 0);
      const gaps = fallen.flatMap(([, atMs, to]) => silentGaps(Number(text(atMs)), readStoredUpTo(text(to))));
      // Before they are removed: whoever is interrupted here says it again.
      await this.note({ gaps, since: null });
      const args = quiet.flatMap(([id, atMs]) => [text(id), text(atMs)]);
      await this.scripts.run('retire', [beats, live, stored], args);
    }
  }

  async definitions(): Promise<ToldDefinition[]> {
    return readDefinitions(pairs(await this.scripts.run('definitions', [this.keys.families], [])));
  }

  async forget(definitions: readonly ToldDefinition[]): Promise<void> {
    const args = definitions.flatMap((definition) => [definitionField(definition), definition.toldMs]);
    if (args.length > 0) await this.scripts.run('forget', [this.keys.families], args);
  }

  async note({ gaps, since, before }: Note): Promise<void> {
    for (let attempt = 0; attempt < noteAttempts; attempt++) {
      const [known, born] = list(await this.scripts.run('past', [this.keys.index], [])).map(text);
      const next = encodeGaps(addGaps(decodeGaps(known ?? ''), gaps, before));
      const isLater = since !== null && (readBorn(born ?? '')?.since ?? since) > since;
      // What others have written already need not be written again: after a wipe all replicas know the same.
      if (next === (known || '[]') && !isLater) return;
      const args = [known ?? '', next, isLater ? since : ''];
      if ((await this.scripts.run('note', [this.keys.index], args)) === 1) return;
    }
    throw unreachable('others kept writing at the same time');
  }

  async offer({ name, version, id, body }: ControlDocument, token: string | null, base?: DocumentHead | null) {
    const keys = [this.keys.control, this.keys.documents];
    const onTopOf = base === undefined ? 'any' : base === null ? '' : `${base.version}|${base.id}`;
    const outcome = await this.scripts.run('offer', keys, [name, version, id, body, token ?? '', onTopOf]);
    return (['have', 'stored', 'refused', 'changed'] as const)[outcome as number]!;
  }

  async reserve(reservation: Reservation): Promise<Reserved> {
    const {
      account,
      expiresAt: expires,
      holder,
      version,
      acknowledged,
      spent,
      held,
      wanted,
      limit,
      used,
    } = reservation;
    const amounts = [spent, held, wanted, limit, used].map(Math.ceil);
    const args = [holder, version, acknowledged, ...amounts, reservation.final ? '1' : '', expires, restoringMs];
    const reply = list(await this.scripts.run('reserve', [this.keys.reserved(account)], args));
    const [heldNow, versionNow, free] = reply.map((part) => Number(text(part)));
    return { held: heldNow!, version: versionNow!, free: free! };
  }

  async documents(names: readonly string[]): Promise<(ControlDocument | null)[]> {
    const reply = pairs(await this.scripts.run('documents', [this.keys.control, this.keys.documents], names));
    return names.map((name, index) => {
      const [head, body] = reply[index]!;
      return text(head) === '' ? null : { name, ...readHead(text(head)), body: text(body) };
    });
  }

  #slotKeys(slot: SlotRef): string[] {
    return [this.keys.slot(slot), this.keys.index, this.keys.finals];
  }
}

function versions(states: readonly ReadState[]): (string | number)[] {
  return states.flatMap(({ field, version }) => [field, version]);
}
