/**
 * Builds the page of libs/dashboard into the library, where `serve/dashboard-assets.ts` finds it: `index.html` and
 * `assets/`, whose files have their hash in the name. What is text is compressed here once, with the strongest settings, so
 * that no replica ever does it. Run by `npm run build`.
 */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'vite';

const folder = new URL('../libs/nestmeter/dashboard/', import.meta.url);
/** What the whole page may weigh as it travels, for the sake of phones. */
const mostGzippedBytes = 150_000;

await build({
  configFile: fileURLToPath(new URL('../libs/dashboard/vite.config.ts', import.meta.url)),
  logLevel: 'warn',
  // The licences of what is built in ask to go wherever it goes.
  build: { outDir: fileURLToPath(folder), emptyOutDir: true, license: { fileName: 'licenses.md' } },
});

const compressGzip = promisify(gzip);
const compressBrotli = promisify(brotliCompress);

const names = (await readdir(new URL('assets/', folder))).map((name) => `assets/${name}`);
let gzippedBytes = 0;
for (const name of ['index.html', ...names]) {
  const contents = await readFile(new URL(name, folder));
  const variants = {
    '.gz': await compressGzip(contents, { level: 9 }),
    '.br': await compressBrotli(contents, {
      params: { [constants.BROTLI_PARAM_SIZE_HINT]: contents.length, [constants.BROTLI_PARAM_QUALITY]: 11 },
    }),
  };
  // What is compressed already, such as a picture, is sent as it is.
  const helps = Object.values(variants).every((variant) => variant.length < contents.length);
  gzippedBytes += helps ? variants['.gz'].length : contents.length;
  if (!helps) continue;
  for (const [extension, variant] of Object.entries(variants))
    await writeFile(new URL(name + extension, folder), variant);
}

if (gzippedBytes > mostGzippedBytes) {
  console.error(`The page must be at most ${mostGzippedBytes} bytes gzipped, got ${gzippedBytes}. Make it smaller.`);
  process.exit(1);
}
const { size } = await stat(new URL('index.html', folder));
console.log(`Built the page: ${names.length + 1} files, ${gzippedBytes} bytes gzipped, index.html ${size} bytes.`);
