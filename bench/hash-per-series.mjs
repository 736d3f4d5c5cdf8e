/*
 * The peer of reading: one hash per series and slot with a field per counter and bucket, shared by all replicas, as the
 * HINCRBY design has them; read with one pipeline of HGETALLs and merged into the same distributions.
 */
import { Distribution } from '../libs/nestmeter/dist/accumulate/distribution.js';
import { SeriesState } from '../libs/nestmeter/dist/accumulate/series-state.js';
import { seriesKey } from '../libs/nestmeter/dist/accumulate/labels.js';
import { fieldsOf } from './increments.mjs';

const keyOf = (slot, { labels }) => `{hash}:${seriesKey(labels)}:${slot.tier.slotSeconds}:${slot.start}`;
/** Replicas share a hash, so that one holds the events of all ten. */
const eventsPerSlot = 1800;

/** Writes a hash for every slot and series. */
export async function writeHashes(client, slots, series) {
  for (const one of series) {
    const state = new SeriesState(one.family);
    for (let event = 0; event < eventsPerSlot; event++) one.count({ open: () => state }, 0);
    const fields = fieldsOf(state);
    const pipeline = client.pipeline();
    for (const slot of slots) pipeline.hset(keyOf(slot, one), ...fields);
    await pipeline.exec();
  }
}

/** Reads and merges all of them. @returns milliseconds */
export async function readFromHashes(client, slots, series) {
  const start = performance.now();
  const pipeline = client.pipeline();
  for (const one of series) for (const slot of slots) pipeline.hgetall(keyOf(slot, one));
  const replies = await pipeline.exec();
  let reply = 0;
  for (const { family } of series) {
    const whole = new SeriesState(family);
    for (let slot = 0; slot < slots.length; slot++) merge(whole, family, replies[reply++][1]);
  }
  return performance.now() - start;
}

function merge(whole, family, fields) {
  for (const [field, text] of Object.entries(fields)) {
    const [, kind, column, part, bucket] = /^([cdt])(\d+)([nsb]?)(.*)$/.exec(field);
    const count = Number(text);
    if (kind === 'c') whole.count(Number(column), count);
    else if (kind === 't') whole.tallyUp(Number(column), part + bucket, count);
    else {
      const distribution = (whole.distributions[column] ??= new Distribution(family.specs.distributions[column].unit));
      if (part === 'n') distribution.count += count;
      else if (part === 's') distribution.sum += count;
      else distribution.buckets.add(Number(bucket), count);
    }
  }
}
