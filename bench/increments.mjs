/*
 * The peer of publishing: the same counts as shared increments, every second one script of HINCRBYs into one hash per
 * series, slot and tier (three tiers). It keeps less: no minimum, no maximum, no variance, no gauges.
 */
import { Redis } from 'ioredis';
import { SeriesState } from '../libs/nestmeter/dist/accumulate/series-state.js';
import { seriesKey } from '../libs/nestmeter/dist/accumulate/labels.js';
import { defaultTiers, slotStart } from '../libs/nestmeter/dist/time-slot.js';
import { activeSeries } from './series-load.mjs';

const tiers = defaultTiers.slice(0, 3);
const eventsPerSecond = 500;
const tickMs = 100;

const script = `
local at = 1
for i = 1, #KEYS do
  local fields = tonumber(ARGV[at])
  for j = at + 1, at + 2 * fields, 2 do redis.call('HINCRBY', KEYS[i], ARGV[j], ARGV[j + 1]) end
  redis.call('EXPIRE', KEYS[i], 7200)
  at = at + 1 + 2 * fields
end`;

/** Starts one replica that counts the load of 200 series and adds it to Redis every second. */
export async function startIncrements(port) {
  const client = new Redis({ port, host: '127.0.0.1' });
  client.defineCommand('addAll', { lua: script });
  const series = activeSeries().filter(({ family }) => family.specs.gauges.length === 0);
  let counted = new Map();
  let next = 0;
  setInterval(() => {
    for (let event = 0; event < (eventsPerSecond * tickMs) / 1000; event++) {
      const one = series[next++ % series.length];
      one.count({ open: () => stateOf(counted, one) }, 0);
    }
  }, tickMs);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
  setInterval(() => {
    const taken = counted;
    counted = new Map();
    void client.addAll(...increments(taken));
  }, 1000);
}

function stateOf(counted, one) {
  let state = counted.get(one);
  if (state === undefined) counted.set(one, (state = new SeriesState(one.family)));
  return state;
}

/** Arguments of the script: number of keys, keys, and for each key how many fields, then field and increment in turn. */
export function increments(counted) {
  const keys = [];
  const args = [];
  for (const [{ family, labels }, state] of counted) {
    const fields = fieldsOf(state);
    for (const { slotSeconds } of tiers) {
      keys.push(`{inc}:${family.name}:${seriesKey(labels)}:${slotSeconds}:${slotStart(Date.now(), slotSeconds)}`);
      args.push(fields.length / 2, ...fields);
    }
  }
  return [keys.length, ...keys, ...args];
}

/** Field and count in turn, of what is not 0. */
export function fieldsOf({ counters, distributions, tallies }) {
  const fields = [];
  counters.forEach((count, column) => count > 0 && fields.push(`c${column}`, count));
  distributions.forEach((distribution, column) => {
    if (distribution === null) return;
    fields.push(`d${column}n`, distribution.count, `d${column}s`, distribution.sum);
    distribution.buckets.forEach((index, count) => void fields.push(`d${column}b${index}`, count));
  });
  tallies.forEach((tally, column) => tally?.forEach((count, key) => fields.push(`t${column}${key}`, count)));
  return fields;
}
