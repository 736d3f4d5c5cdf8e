import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { DemoProcess } from '../fixtures/demo-process.js';
import { prometheus } from '../fixtures/prometheus-config.js';
import { type ParsedSample, parsePrometheus } from '../fixtures/prometheus-parser.js';
import { promtool } from '../fixtures/prometheus-programs.js';
import { PrometheusServer } from '../fixtures/prometheus-server.js';
import { namedIn, type NamedInQuery } from '../fixtures/promql.js';
import { root, textOf } from '../source-files.js';

const readToken = 'a-token-to-read-with';
const writeToken = 'a-token-to-write-with';

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}
interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: { readonly severity: string };
  readonly annotations?: { readonly summary: string; readonly description: string };
}
interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  }[];
}

const dashboard = JSON.parse(textOf('deploy/grafana/dashboard.json')) as {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
};
const rules = (parse(textOf('deploy/prometheus/rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

/** Queries of the dashboard with its variables as Grafana would fill them in. */
const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, refId }) => ({
    panel: `${title} ${refId}`,
    expression: expr.replaceAll('$job', '.+').replaceAll('$instance', '.+').replaceAll('$__rate_interval', '1m'),
  })),
);

let folder: string;
let demo: DemoProcess;
let server: PrometheusServer;

/** What is left of a list that gets shorter while the demo runs; after a deadline whatever is still in it. */
async function untilEmpty<Entry>(find: () => Promise<Entry[]>): Promise<Entry[]> {
  const end = performance.now() + 90_000;
  let left = await find();
  while (left.length > 0 && performance.now() < end) {
    await sleep(500);
    left = await find();
  }
  return left;
}

const samplesOf = (text: string) => [...parsePrometheus(text).values()].flatMap(({ samples }) => samples);

const metricsOf = async (): Promise<string> => {
  const headers = { authorization: `Bearer ${readToken}` };
  return (await fetch(`${demo.url}/performance/metrics`, { headers })).text();
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nestmeter-prometheus-'));
  const env = { READ_TOKEN: readToken, WRITE_TOKEN: writeToken, NODE_ENV: 'production' };
  demo = await DemoProcess.start({ ...env, RATE: '30', ERROR_SHARE: '0.3', TRAFFIC: 'on' });
  // The very configuration, but for where to find what, and how often to look.
  const { scrape_configs: [scrape], global } = prometheus; // prettier-ignore
  const { dns_sd_configs: _service, ...kept } = scrape;
  const local = {
    ...kept,
    authorization: { credentials_file: join(folder, 'read-token') },
    static_configs: [{ targets: [`127.0.0.1:${demo.port}`] }],
  };
  const config = {
    ...prometheus,
    global: { ...global, scrape_interval: '1s', evaluation_interval: '1s' },
    scrape_configs: [local],
  };
  writeFileSync(join(folder, 'read-token'), readToken);
  writeFileSync(join(folder, 'rules.yml'), textOf('deploy/prometheus/rules.yml'));
  writeFileSync(join(folder, 'prometheus.yml'), stringify(config));
  server = await PrometheusServer.start(folder);
}, 60_000);

afterAll(async () => {
  await server?.stop();
  await demo?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

describe('Prometheus', () => {
  it('takes the configuration and the rules', () => {
    expect(promtool(['check', 'config', join(folder, 'prometheus.yml')])).toBe('');
    expect(promtool(['check', 'config', '--syntax-only', join(root, 'deploy/prometheus/prometheus.yml')])).toBe('');
    expect(promtool(['check', 'rules', '--lint-fatal', join(root, 'deploy/prometheus/rules.yml')])).toBe('');
  });

  it('takes the metrics of the running demo', async () => {
    expect(promtool(['check', 'metrics'], await metricsOf())).toBe('');
  });

  it('fires each alert when it should and not when it should not', () => {
    expect(promtool(['test', 'rules', join(root, 'deploy/prometheus/rules.test.yml')])).toBe('');
  });

  it('has a test in which it fires for every alert, and says of each what to do', () => {
    const { tests } = parse(textOf('deploy/prometheus/rules.test.yml')) as RuleTests;
    const fired = tests.flatMap(({ alert_rule_test }) =>
      alert_rule_test.filter(({ exp_alerts }) => exp_alerts.length > 0).map(({ alertname }) => alertname),
    );
    const alerts = rules.filter(({ alert }) => alert !== undefined);
    expect([...new Set(fired)].toSorted()).toEqual(alerts.map(({ alert }) => alert!).toSorted());
    const severities = new Set(['info', 'low', 'warning', 'high', 'critical']);
    for (const { alert, labels, annotations } of alerts) {
      expect([alert, severities.has(labels!.severity)]).toEqual([alert, true]);
      expect(annotations!.description.length).toBeGreaterThan(20);
    }
  });

  it('evaluates every rule over the running demo', async () => {
    let loaded = await server.rules();
    while (loaded.some(({ health }) => health === 'unknown')) {
      await sleep(200);
      loaded = await server.rules();
    }
    expect(loaded).toHaveLength(rules.length);
    expect(loaded.filter(({ health }) => health !== 'ok')).toEqual([]);
  });
});

describe('names in the dashboard and the rules', () => {
  /** Of Prometheus itself. */
  const given = ['up', 'job', 'instance'];
  const expressions = [...queries.map(({ expression }) => expression), ...rules.map(({ expr }) => expr)];
  const recorded = rules.flatMap(({ record }) => record ?? []);

  /** Names that none of the demo's samples has, once it has run for long enough to have had a few failures. */
  const missing = async (named: keyof NamedInQuery, of: (sample: ParsedSample) => readonly string[]) => {
    const wanted = [...new Set(expressions.flatMap((expression) => namedIn(expression)[named]))];
    const unknown = async (): Promise<string[]> => {
      const exposed = new Set([...given, ...recorded, ...samplesOf(await metricsOf()).flatMap(of)]);
      return wanted.filter((name) => !exposed.has(name));
    };
    return { wanted: wanted.length, left: await untilEmpty(unknown) };
  };

  it('are those of metrics that the demo exposes', async () => {
    const { wanted, left } = await missing('metrics', ({ name }) => [name]);
    expect(left).toEqual([]);
    expect(wanted).toBeGreaterThan(40);
  }, 120_000);

  it('are those of labels that it gives them', async () => {
    const { wanted, left } = await missing('labels', ({ labels }) => Object.keys(labels));
    expect(left).toEqual([]);
    expect(wanted).toBeGreaterThan(10);
  }, 120_000);
});

describe('the Grafana dashboard', () => {
  it('shows something in every panel once the demo has run for a little', async () => {
    const isShown = async (expression: string) =>
      (await server.query(expression)).some(({ value }) => !Number.isNaN(value));
    // What needs two scrapes, and an error or two, comes within seconds; a query that finds nothing never does.
    const empty = await untilEmpty(async () => {
      const shown = await Promise.all(queries.map(({ expression }) => isShown(expression)));
      return queries.filter((_, index) => !shown[index]);
    });
    expect(empty).toEqual([]);
  }, 120_000);

  it('finds its variables', async () => {
    for (const { name, definition } of dashboard.templating.list.filter(({ definition: text }) => text !== undefined)) {
      const [, metric, label] = /^label_values\((.+), (\w+)\)$/.exec(definition!)!;
      const found = await server.query(metric!.replaceAll('$job', '.+'));
      expect([name, found.every(({ metric: labels }) => labels[label!] !== undefined), found.length]).toEqual([
        name,
        true,
        1,
      ]);
    }
  });

  it('has no panel on top of another', () => {
    for (const [index, { gridPos: one, title }] of dashboard.panels.entries())
      for (const { gridPos: other, title: below } of dashboard.panels.slice(index + 1)) {
        const apart = one.x + one.w <= other.x || other.x + other.w <= one.x || one.y + one.h <= other.y || other.y + other.h <= one.y; // prettier-ignore
        expect([title, below, apart]).toEqual([title, below, true]);
      }
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});
