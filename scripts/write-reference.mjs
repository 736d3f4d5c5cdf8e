/** Writes the pages of docs/reference that are made from the code. Run by `npm run docs`, which builds the library first. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { errorCodes } from 'nestmeter/core';

const folder = new URL('../docs/reference/', import.meta.url);

/** File name → its text. A page is added here and nowhere else. */
const pages = {
  'errors.md': [
    '# Errors',
    '',
    'Made from `libs/nestmeter/src/errors.ts` by `npm run docs`; do not edit.',
    '',
    'Every error of the library is a `NestmeterError` with one of these codes in `code`. The codes are stable; the wording of messages is not.',
    '',
    ...Object.entries(errorCodes).flatMap(([code, { meaning, whatToDo }]) => [`## ${code}`, '', meaning, whatToDo, '']),
  ].join('\n'),
};

mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(pages)) {
  writeFileSync(new URL(name, folder), text);
  console.log(`docs/reference/${name}`);
}
