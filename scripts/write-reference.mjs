/** Writes the pages of docs/reference that are made from the code. Run by `npm run docs`, which builds the library first. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { builtInFamilies } from '../libs/nestmeter/dist/accumulate/families.js';
import { errorCodes } from '../libs/nestmeter/dist/errors.js';
import { optionsSchema } from '../libs/nestmeter/dist/options.js';
import { planMetrics } from '../libs/nestmeter/dist/serve/metric-plan.js';
import { routeTable } from '../libs/nestmeter/dist/serve/routes.js';
import { referencePages } from './reference/pages.mjs';

const folder = new URL('../docs/reference/', import.meta.url);
const pages = referencePages({
  errorCodes,
  families: builtInFamilies,
  exposed: planMetrics(builtInFamilies, new Set(), {}),
  optionsSchema,
  routes: routeTable,
});

mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(pages)) {
  writeFileSync(new URL(name, folder), text);
  console.log(`docs/reference/${name}`);
}
