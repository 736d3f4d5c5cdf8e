/** What the pages of the reference are made with. */

/** The line that says what a page is made from. */
export const madeFrom = (...files) =>
  `Made from ${files.map((file) => `\`libs/nestmeter/src/${file}\``).join(' and ')} by \`npm run docs\`; do not edit.`;

/** Lines as text. */
export const page = (...lines) => `${lines.flat(Infinity).join('\n')}\n`;
const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
/** Text as inline code. */
export const code = (text) => (text === '' ? '' : `\`${text}\``);

/** A table; columns that are empty in every row are left out. */
export function table(header, rows) {
  const kept = header.map((_, column) => rows.some((row) => row[column] !== ''));
  const line = (cells) =>
    `| ${cells
      .filter((_, column) => kept[column])
      .map(cell)
      .join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)];
}

/** A schema without the layers that say whether it may be left out. */
export function unwrapped(schema) {
  let inner = schema;
  let fallback;
  let optional = false;
  for (;;) {
    const { type } = inner.def;
    if (type === 'default' || type === 'prefault') fallback ??= inner.def.defaultValue;
    else if (type === 'optional') optional = true;
    else if (type !== 'pipe') return { inner, fallback, optional };
    inner = type === 'pipe' ? inner.def.in : inner.def.innerType;
  }
}
