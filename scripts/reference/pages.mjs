/** The pages of docs/reference that are made from the code, as text. `npm run docs` writes them, test/docs.spec.ts compares. */
import { optionsPage } from './options-page.mjs';
import { code, madeFrom, page, table } from './page.mjs';
import { routesPage } from './routes-page.mjs';

/**
 * File name → its text. A page is added here and nowhere else.
 *
 * @param code the tables of the library: `errorCodes`, `families` with how they are `exposed` to Prometheus (what
 *   `planMetrics` answers), `optionsSchema` and `routes`
 */
export function referencePages({ errorCodes, families, exposed, optionsSchema, routes }) {
  return {
    'errors.md': errorsPage(errorCodes),
    'metrics.md': metricsPage(families, exposed),
    'options.md': optionsPage(optionsSchema),
    'routes.md': routesPage(routes),
  };
}

function errorsPage(errorCodes) {
  return page(
    ['# Errors', '', madeFrom('errors.ts'), ''],
    'Every error of the library is a `NestmeterError` with one of these codes in `code`. The codes are stable; the wording of messages is not.',
    Object.entries(errorCodes).flatMap(([name, { meaning, whatToDo }]) => ['', `## ${name}`, '', meaning, whatToDo]),
  );
}

function metricsPage(families, exposed) {
  const kinds = [
    ['counters', 'counter', ({ unit }) => unit],
    ['distributions', 'distribution', ({ unit }) => unit.unit],
    [
      'gauges',
      'gauge',
      ({ unit, sums }) => `${unit}, ${sums ? 'replicas add up' : 'replicas stand beside each other'}`,
    ],
    ['tallies', 'tally', ({ key }) => `by ${code(key)}`],
  ];
  const nameOf = (family, kind, column) =>
    exposed.find(
      (metric) =>
        metric.family === family && metric.kind === kind && metric.parts.some((part) => part.column === column),
    ).name;
  const section = (family) => {
    const labels = family.labels.map(({ name, attribute }) => `\`${name}\` (OpenTelemetry \`${attribute}\`)`);
    const rows = kinds.flatMap(([list, kind, unit]) =>
      family.specs[list].map((meter, column) => {
        const attributes = Object.entries(meter.attributes ?? {}).map(([key, value]) => `${key}="${value}"`);
        const otel = [meter.otel, ...attributes].filter(Boolean).map(code).join(' ');
        return [code(meter.name), kind, unit(meter), meter.help, otel, code(nameOf(family, kind, column))];
      }),
    );
    return [
      ['', `## ${family.name}`, '', `${family.help}.`],
      [
        '',
        `Labels: ${labels.length === 0 ? 'none' : labels.join(', ')}. Series per replica: at most ${family.cap}.`,
        '',
      ],
      table(['Meter', 'Kind', 'Unit', 'What it counts', 'OpenTelemetry', 'Prometheus'], rows),
    ];
  };
  return page(
    ['# Metrics', '', madeFrom('accumulate/families.ts'), ''],
    'A family is one kind of thing that is measured. Each has fixed label names; every combination of label values is a series. Series beyond the limit of a family are counted in `__other__`, so that totals add up.',
    '',
    'A **counter** is an integer that only adds up; money is a counter of nano-USD (10⁻⁹ USD). A **distribution** keeps count, sum, minimum and maximum exactly and quantiles to 1.1 %. A **gauge** is a level over time. A **tally** counts by a small set of keys, at most 64 per replica.',
    '',
    'Where OpenTelemetry has a metric or attribute of the same meaning, its name is given. Durations are in milliseconds here and in JSON answers, and in seconds in Prometheus.',
    families.map(section),
    ['', '## `tag.<tag>`', ''],
    'One family for each tag in the option `tags`: usage of LLM calls by the values of the tag, with the counters of `llm` up to `rate_limit_hits`. Its one label is `value`.',
    ['', '## `custom.<name>`', ''],
    'One family for each custom metric (`counter`, `gauge` and `distribution` of the monitor), with the labels it was declared with and one meter named `value`. At most 64 per monitor, with at most eight labels each.',
  );
}
