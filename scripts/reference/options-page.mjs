import { z } from 'zod';
import { code, madeFrom, page, table, unwrapped } from './page.mjs';

/** docs/reference/options.md, from the schema of all options. */
export function optionsPage(optionsSchema) {
  const rows = Object.entries(optionsSchema.shape).flatMap(([name, schema]) => optionRows(name, schema, 0));
  return page(
    ['# Options', '', madeFrom('options.ts'), ''],
    'What `PerformanceModule.forRoot`, `forRootAsync` and `createMonitor` take. Options are checked once, at the start; all that are wrong are reported in one error with the code [NM_OPTION_INVALID](errors.md#nm_option_invalid).',
    '',
    table(['Option', 'Type and bounds', 'Default', 'What it does'], rows),
  );
}

/** The row of an option, and below it those of the fields that it is made of. */
function optionRows(path, schema, depth) {
  const { inner, fallback, optional } = unwrapped(schema);
  const shown = fallback === undefined ? (optional ? '' : 'required') : code(JSON.stringify(fallback));
  const { prefix, fields } = fieldsOf(inner);
  return [
    [code(path), typeText(inner), depth > 0 && shown === 'required' ? '' : shown, descriptionOf(schema)],
    ...(depth > 1 ? [] : fields.flatMap(([name, field]) => optionRows(`${path}${prefix}.${name}`, field, depth + 1))),
  ];
}

function fieldsOf(schema) {
  const { type } = schema.def;
  if (type === 'object') return { prefix: '', fields: Object.entries(schema.shape) };
  if (type === 'array') {
    const inside = fieldsOf(unwrapped(schema.element).inner);
    return { prefix: `[]${inside.prefix}`, fields: inside.fields };
  }
  if (type === 'union') {
    const all = schema.options.map((option) => fieldsOf(unwrapped(option).inner));
    const { prefix } = all.find(({ fields }) => fields.length > 0) ?? none;
    return { prefix, fields: joined(all.flatMap(({ fields }) => fields)) };
  }
  return none;
}

const none = { prefix: '', fields: [] };

function descriptionOf(schema) {
  return schema.description ?? unwrapped(schema).inner.description ?? '';
}

/** Fields of alternatives, each once: one that several have takes what any of them does. */
function joined(fields) {
  const byName = new Map();
  for (const [name, field] of fields) byName.set(name, [...(byName.get(name) ?? []), field]);
  return [...byName].map(([name, [first, ...others]]) => {
    const told = new Set([first, ...others].map(descriptionOf).filter((text) => text !== ''));
    const isSame = new Set([first, ...others].map((field) => typeText(field))).size === 1;
    return [name, (isSame ? first : z.union([first, ...others])).describe([...told].join(' '))];
  });
}

/** What a schema takes, in words. */
function typeText(schema) {
  const { inner } = unwrapped(schema);
  const { type } = inner.def;
  if (type === 'nullable') return `${typeText(inner.def.innerType)}, or null`;
  if (type === 'union') return unionText(inner.options);
  if (type === 'array') return `list${entriesText(inner)} of: ${typeText(inner.element)}`;
  if (type === 'record') return `object of: ${typeText(inner.def.valueType)}`;
  if (type === 'object') return 'object';
  if (type === 'boolean') return '`true` or `false`';
  if (type === 'literal') return inner.def.values.map((value) => code(JSON.stringify(value))).join(', ');
  if (type === 'enum') return Object.values(inner.def.entries).map(code).join(', ');
  if (type === 'null') return 'null';
  if (type === 'custom') return customText(inner);
  return leafText(z.toJSONSchema(inner, { unrepresentable: 'any', io: 'input' }));
}

function unionText(options) {
  const texts = options.map((option) => typeText(option));
  const decimal = texts.findIndex((text) => text.startsWith('string matching `^\\d'));
  if (decimal > 0) texts[decimal] = 'the same as a decimal string';
  return [...new Set(texts)].join(', or ');
}

/** Schemas of classes and functions say nothing about themselves: they are asked. */
function customText(schema) {
  const samples = { 'a function': () => {}, 'a string': 'text', 'an object': {}, 'a regular expression': /./ };
  const taken = Object.entries(samples)
    .filter(([, sample]) => schema.safeParse(sample).success)
    .map(([name]) => name);
  return (
    (taken.includes('an object') ? taken.filter((name) => !name.startsWith('a regular')) : taken).join(', ') ||
    'an instance'
  );
}

function entriesText(schema) {
  const { minItems, maxItems } = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  if (maxItems === undefined) return '';
  return minItems === undefined ? ` of at most ${maxItems} entries` : ` of ${minItems} to ${maxItems} entries`;
}

function leafText({ type, minimum, maximum, minLength, maxLength, pattern, format }) {
  const safe = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (type === 'integer' || type === 'number') {
    const kind = type === 'integer' ? 'whole number' : 'number';
    if (minimum > Number.MIN_SAFE_INTEGER && safe !== undefined) return `${kind} from ${minimum} to ${safe}`;
    return minimum > Number.MIN_SAFE_INTEGER ? `${kind} from ${minimum}` : kind;
  }
  if (format === 'uri') return 'URL';
  if (format === 'date' || format === 'date-time') return 'ISO 8601 text';
  const length = maxLength === undefined ? '' : ` of ${minLength ?? 0} to ${maxLength} characters`;
  return `string${length}${pattern !== undefined && pattern.length < 100 ? ` matching ${code(pattern)}` : ''}`;
}
