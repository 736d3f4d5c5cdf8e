/*
 * npm run bench -- record|http|publish|query|scale|outage|outage-memory [--json] [--quick]
 *
 * --json prints one object as the last line: { bench, values, ratios }; every ratio is ours ÷ peer, or with ÷ bare.
 * --quick measures little: the figures mean nothing, their shape is what it is for.
 */
import { cpus } from 'node:os';

const benches = ['record', 'http', 'publish', 'query', 'scale', 'outage', 'outage-memory'];
const [name, ...switches] = process.argv.slice(2);
const unknown = switches.filter((option) => option !== '--json' && option !== '--quick');
if (!benches.includes(name) || unknown.length > 0) {
  console.error(`npm run bench -- ${benches.join('|')} [--json] [--quick]`);
  process.exit(2);
}

const started = performance.now();
const { [name]: measure } = await import(`./${name}.mjs`);
const { values, ratios } = await measure({ quick: switches.includes('--quick') });
const seconds = Math.round((performance.now() - started) / 1000);

print('value', values);
print('ratio', ratios);
console.log(`\n${name}: Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${seconds} s`);
if (switches.includes('--json')) console.log(JSON.stringify({ bench: name, values, ratios }));

function print(title, figures) {
  const width = Math.max(...Object.keys(figures).map((key) => key.length));
  console.log(`\n${title}`);
  for (const [key, figure] of Object.entries(figures)) console.log(`  ${key.padEnd(width)}  ${shown(figure)}`);
}

/** Four significant digits; unknown stays unknown. */
function shown(figure) {
  return figure === null ? 'unknown' : String(Number(figure.toPrecision(4)));
}
