import { defineConfig } from 'vite';

/** A server that measures, for `vite dev`: the demo unless NESTMETER_ORIGIN names another. */
const origin = process.env['NESTMETER_ORIGIN'] ?? 'http://127.0.0.1:3000';
const prefix = '/performance';

/** Builds the page into static files that work below any address: every reference is relative. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The oldest browsers with light-dark() and text-wrap: the style sheet is served as it is written.
    target: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    // No data: addresses and no inline code, which the content security policy refuses.
    assetsInlineLimit: 0,
    modulePreload: false,
    sourcemap: false,
    reportCompressedSize: true,
  },
  server: {
    // The page asks relative to its own address, which is / here and the prefix where it is served.
    proxy: {
      '^/(?!src/|@|node_modules/|index\\.html|$)': {
        target: origin,
        rewrite: (path) => prefix + path,
        headers: { 'sec-fetch-site': 'same-origin' },
      },
    },
  },
});
