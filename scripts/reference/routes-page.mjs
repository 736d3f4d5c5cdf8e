import { code, madeFrom, page, table, unwrapped } from './page.mjs';

/** docs/reference/routes.md, from the route table. */
export function routesPage(routes) {
  const isWindowed = ({ answer }) =>
    answer?.def.type === 'object' && 'window' in answer.shape && 'gaps' in answer.shape;
  const windowed = routes.filter(isWindowed);
  const parameters = common(windowed.map(({ query }) => query.shape));
  const fields = common(
    windowed.map(({ answer }) => answer.shape),
    ['series'],
  );
  const section = (route) => {
    const { method, path, summary, access, limited, forPage, query, body, answer } = route;
    const asWindowed = windowed.includes(route);
    const taken = parameters.map(([name]) => name).filter((name) => name in query.shape);
    const own = asWindowed ? without(query.shape, parameters) : Object.entries(query.shape);
    const answered =
      answer?.def.type !== 'object' ? [] : asWindowed ? without(answer.shape, fields) : Object.entries(answer.shape);
    const notes = [
      `Access: ${access === 'open' ? 'none needed' : code(access)}.`,
      ...(limited ? [] : ['Does not count against the limit of reads.']),
      ...(asWindowed ? ['An [answer over a window](#answers-over-a-window).'] : []),
      ...(asWindowed && taken.length < parameters.length
        ? [`Of the parameters of a window it takes ${taken.map(code).join(', ')}.`]
        : []),
      ...(body === null ? [] : ['Takes a JSON body.']),
      ...(answer === null && !forPage ? ['Does not answer JSON unless asked to.'] : []),
      ...(forPage ? ['Not there with `dashboard: false`.'] : []),
    ];
    return [
      ['', `## ${method} ${path}`, '', summary, '', notes.join(' ')],
      own.length === 0
        ? []
        : [
            '',
            table(
              ['Parameter', 'What it does'],
              own.map(([name, schema]) => [code(name), schema.description ?? '']),
            ),
          ],
      answered.length === 0 ? [] : ['', table(['Field', 'Type', 'What it is'], fieldTable(answered))],
    ];
  };
  return page(
    ['# Routes', '', madeFrom('serve/routes.ts'), ''],
    'Paths are below the option `prefix`, by default `/performance`. Who may ask is said in the [guide to access](../guides/access.md). A parameter that is wrong or unknown is answered with status 400 and `{"error": {"code", "message"}}`; the codes are those of [errors](errors.md). `null` means unknown, never zero.',
    [
      '',
      '## Answers over a window',
      '',
      'Most answers are about a window of time. They share these parameters and fields; the rest of a section is its own.',
      '',
    ],
    table(
      ['Parameter', 'What it does'],
      parameters.map(([name, schema]) => [code(name), schema.description ?? '']),
    ),
    '',
    table(['Field', 'Type', 'What it is'], fieldTable(fields, ['series'])),
    routes.map(section),
  );
}

/** Fields that most of some shapes have in common, by name and description; `always` by name alone. */
function common(shapes, always = []) {
  const known = new Map(shapes.flatMap((shape) => Object.entries(shape)).toReversed());
  const alike = (name, schema) =>
    shapes.filter((shape) => shape[name]?.description === schema.description && name in shape);
  return [...known.entries()]
    .toReversed()
    .filter(([name, schema]) => always.includes(name) || alike(name, schema).length > shapes.length / 2);
}

/** Fields of a shape that are not among the common ones, or differ from them. */
function without(shape, commonFields) {
  return Object.entries(shape).filter(
    ([name, schema]) =>
      !commonFields.some(
        ([known, { description }]) => known === name && (name === 'series' || description === schema.description),
      ),
  );
}

/** Rows of fields; what has the very fields of one further up only points there. */
function fieldTable(fields, flat = []) {
  const seen = new Map();
  return fields.flatMap(([name, schema]) => fieldRows(name, schema, { seen, isFlat: flat.includes(name) }));
}

/** The row of a field of an answer, and those of the fields inside. */
function fieldRows(path, schema, { seen, isFlat = false }) {
  const { inner, optional } = unwrapped(schema);
  const nullable = inner.def.type === 'nullable';
  const content = nullable ? unwrapped(inner.def.innerType).inner : inner;
  const { kind, below, at = path } = contentOf(path, content);
  const shape = below.map(([name, field]) => [name.slice(at.length), field.description]);
  const known = below.length > 3 ? seen.get(JSON.stringify(shape)) : undefined;
  if (known === undefined) seen.set(JSON.stringify(shape), at);
  const notes = [
    schema.description ?? inner.description ?? content.description,
    optional && 'only when asked for',
    known !== undefined && `fields as in ${code(known)}`,
  ];
  return [
    [code(path), `${kind}${nullable && kind !== 'null' ? ' or null' : ''}`, notes.filter(Boolean).join('; ')],
    ...(isFlat || known !== undefined ? [] : below.flatMap(([name, field]) => fieldRows(name, field, { seen }))),
  ];
}

function contentOf(path, schema) {
  const { type } = schema.def;
  if (type === 'object') return { kind: 'object', below: entriesOf(path, schema), at: path };
  if (type === 'array') {
    const inside = contentOf(`${path}[]`, unwrapped(schema.element).inner);
    return { ...inside, kind: `list of ${inside.kind}s` };
  }
  if (type === 'record')
    return { ...contentOf(`${path}.<name>`, unwrapped(schema.def.valueType).inner), kind: 'object by name' };
  if (type === 'enum') return { kind: Object.values(schema.def.entries).map(code).join(', '), below: [] };
  if (type === 'union')
    return {
      kind: [...new Set(schema.options.map((option) => contentOf(path, unwrapped(option).inner).kind))].join(', '),
      below: [],
    };
  if (type === 'int') return { kind: 'number', below: [] };
  return { kind: type === 'unknown' ? 'any JSON' : type, below: [] };
}

const entriesOf = (path, schema) => Object.entries(schema.shape).map(([name, field]) => [`${path}.${name}`, field]);
