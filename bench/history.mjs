/*
 * The past of a fleet, written into Redis as its replicas would have: final states of all slots of the last 24 hours (or
 * 90 days), 200 series, 10 replicas. States repeat after a while; keys, fields, versions and revisions do not.
 */
import { encodeState } from '../libs/nestmeter/dist/accumulate/encoded-state.js';
import { FamilyState } from '../libs/nestmeter/dist/accumulate/family-state.js';
import { seriesKey } from '../libs/nestmeter/dist/accumulate/labels.js';
import { RedisKeys } from '../libs/nestmeter/dist/store/redis-keys.js';
import { slotId } from '../libs/nestmeter/dist/store/store.js';
import { defaultTiers, expiresAt, slotStart, writeEndMs } from '../libs/nestmeter/dist/time-slot.js';

/** Different states per family and tier. */
const variants = 8;
/** Events of a series in a slot: one in ten seconds, at most enough to spread over the grid as far as they would. */
const events = (slotSeconds) => Math.min(600, Math.ceil(slotSeconds / 10));

/**
 * Writes the past.
 *
 * @param unfolded whether the keeper still has to fold it: then finals that are young enough wait in its list
 * @returns the slots written, as `{ family, tier, start }`
 */
export async function writeHistory({ client, app, series, replicas, days, eventsFactor = 1, unfolded = false }) {
  const keys = new RedisKeys(app);
  const now = Date.now() / 1000;
  const slots = [];
  for (const [level, tier] of defaultTiers.entries()) {
    const longest = Math.min(tier.retentionSeconds, days * 86_400);
    const states = statesOf(series, tier, eventsFactor);
    for (
      let start = slotStart((now - longest) * 1000, tier.slotSeconds);
      start + tier.slotSeconds <= now;
      start += tier.slotSeconds
    )
      for (const [family, encoded] of states) {
        const slot = { family, tier, start };
        const pipeline = client.pipeline();
        const fields = Array.from({ length: replicas }, (_, number) => [
          `r:${String(number).padStart(24, '0')}.0`,
          encoded[(number + slots.length) % variants],
        ]).flat();
        pipeline.hset(keys.slot(slot), ...fields);
        pipeline.expireat(keys.slot(slot), expiresAt(start, tier));
        pipeline.hset(keys.index, keys.slot(slot).slice(keys.tag.length + 1), `${level}${start}000000`);
        if (unfolded && now * 1000 < writeEndMs(start, tier))
          for (let number = 0; number < replicas; number++)
            pipeline.zadd(keys.finals, Math.floor(now * 1000) - 60_000, `${slotId(slot)}/${fields[2 * number]}`);
        await pipeline.exec();
        slots.push(slot);
      }
  }
  await client.hset(keys.index, 'born', `bench|${Math.floor(now - days * 86_400)}`);
  return slots;
}

/** Family name → encoded states of one slot of a tier. */
function statesOf(series, tier, eventsFactor) {
  const encoded = new Map();
  for (let variant = 0; variant < variants; variant++) {
    const states = new Map();
    for (const { family, labels, count } of series) {
      if (family.specs.gauges.length > 0) continue;
      let state = states.get(family);
      if (state === undefined) states.set(family, (state = new FamilyState(family)));
      const cell = state.at(seriesKey(labels));
      for (let event = 0; event < eventsFactor * events(tier.slotSeconds); event++) count({ open: () => cell }, 0);
    }
    const header = { version: 1000, final: true, asOfMs: Date.now() };
    for (const [family, state] of states) {
      const list = encoded.get(family.name) ?? [];
      list.push(encodeState(state, header, { deflate: true }));
      encoded.set(family.name, list);
    }
  }
  return encoded;
}
