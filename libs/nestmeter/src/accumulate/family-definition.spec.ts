import { customFamily } from './custom-family.js';
import { builtInFamilies } from './families.js';
import { describeFamily, readFamily } from './family-definition.js';
import { tagFamily } from './llm-family.js';
import type { AnyFamily } from './family.js';

const custom = customFamily('distribution', 'job.__proto__', {
  labels: ['__proto__', 'queue'],
  unit: 'rows',
  help: 'Rows of a job',
});
const all: readonly AnyFamily[] = [...builtInFamilies, tagFamily('team'), custom];

describe('a description of a family', () => {
  it.each(all.map((family) => [family.name, family] as const))('makes the family again: %s', (_, family) => {
    const made = readFamily(describeFamily(family))!;
    expect(made.signature).toBe(family.signature);
    expect([made.name, made.help, made.cap, made.counter, made.distribution]).toEqual([
      family.name,
      family.help,
      family.cap,
      family.counter,
      family.distribution,
    ]);
    expect(made.labels.map(({ name }) => name)).toEqual(family.labels.map(({ name }) => name));
    expect(made.specs.gauges).toEqual(family.specs.gauges);
  });

  it('is small', () => {
    for (const family of all) expect(describeFamily(family).text.length).toBeLessThan(6000);
  });

  it('makes nothing when it is damaged, of another signature, or too long', () => {
    const definition = describeFamily(custom);
    expect(readFamily({ ...definition, text: definition.text.slice(1) })).toBeNull();
    expect(readFamily({ ...definition, text: '{}' })).toBeNull();
    expect(readFamily({ ...definition, text: definition.text.replace('queue', 'other') })).toBeNull();
    expect(readFamily({ ...definition, signature: '00000000' })).toBeNull();
    expect(readFamily({ ...definition, text: definition.text + ' '.repeat(70_000) })).toBeNull();
  });
});
