import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { parse } from 'yaml';
import { readSettings } from '../../apps/demo/src/settings.js';
import { DemoProcess } from '../fixtures/demo-process.js';
import { prometheus } from '../fixtures/prometheus-config.js';
import { root, textOf } from '../source-files.js';

const readToken = 'a-token-to-read-with';

describe('the compose file', () => {
  interface Service {
    readonly image?: string;
    readonly build?: { readonly context: string; readonly dockerfile: string };
    readonly command?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    readonly ports?: readonly string[];
    readonly volumes?: readonly string[];
    readonly secrets?: readonly string[];
    readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>;
    readonly healthcheck?: { readonly test: readonly string[] };
    readonly deploy?: { readonly replicas: number };
  }
  const compose = parse(textOf('deploy/docker-compose.yml')) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: Readonly<Record<string, null>>;
    readonly secrets: Readonly<Record<string, { readonly environment: string }>>;
  };
  const { services } = compose;
  const all = Object.entries(services);
  const app = services['app']!;

  it('has the services that belong together, each in a version that stays', () => {
    expect(Object.keys(services)).toEqual(['redis', 'app', 'prometheus', 'grafana']);
    for (const [name, { image, build }] of all) {
      expect([name, image === undefined]).toEqual([name, build !== undefined]);
    }
    for (const image of all.flatMap(([, service]) => service.image ?? []))
      expect(image).toMatch(/^[\w/-]+:v?\d+\.\d+[\w.-]*$/);
  });

  it('opens ports on this machine only, and no two the same', () => {
    const ports = all.flatMap(([, service]) => service.ports ?? []);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+(-\d+)?:\d+$/);
    const outside = ports.flatMap((port) => {
      const [first, last] = port.split(':')[1]!.split('-').map(Number);
      return Array.from({ length: (last ?? first!) - first! + 1 }, (_, at) => first! + at);
    });
    expect(new Set(outside).size).toBe(outside.length);
    const [range] = app.ports!;
    const [first, last] = range!.split(':')[1]!.split('-').map(Number);
    expect(last! - first! + 1).toBe(app.deploy!.replicas);
  });

  it('mounts files that exist, and volumes and secrets that are declared', () => {
    for (const [name, { volumes = [], secrets = [] }] of all) {
      for (const volume of volumes) {
        const [source] = volume.split(':') as [string];
        const exists = source.startsWith('.')
          ? existsSync(join(root, 'deploy', source))
          : Object.hasOwn(compose.volumes, source);
        expect([name, source, exists]).toEqual([name, source, true]);
      }
      for (const secret of secrets) expect([secret, Object.hasOwn(compose.secrets, secret)]).toEqual([secret, true]);
    }
    const { context, dockerfile } = app.build!;
    expect(existsSync(normalize(join(root, 'deploy', context, dockerfile)))).toBe(true);
  });

  it('waits only for services that there are, and for health where there is a check', () => {
    for (const [name, { depends_on: needed = [] }] of all)
      for (const [other, condition] of Array.isArray(needed)
        ? needed.map((one: string) => [one, 'service_started'] as const)
        : Object.entries(needed).map(([one, { condition: wanted }]) => [one, wanted] as const)) {
        expect([name, other, Object.hasOwn(services, other)]).toEqual([name, other, true]);
        const isChecked = services[other]!.healthcheck !== undefined;
        expect([name, other, isChecked || condition === 'service_started']).toEqual([name, other, true]);
      }
  });

  it('gives the demo settings that it takes', () => {
    const environment = Object.fromEntries(
      Object.entries(app.environment!).map(([name, value]) => [name, value.startsWith('${') ? readToken : value]),
    );
    expect(readSettings(environment)).toMatchObject({
      redisUrl: 'redis://redis:6379',
      readToken,
      writeToken: readToken,
    });
    const required = Object.values(app.environment!).filter((value) => value.startsWith('${'));
    for (const value of required) expect(value).toMatch(/^\$\{\w+:\?.+\}$/);
  });

  it('checks the health of the demo in a way that works', async () => {
    const [kind, program, flag, script] = app.healthcheck!.test as [string, string, string, string];
    expect([kind, program, flag]).toEqual(['CMD', 'node', '--eval']);
    const check = (port: number) => {
      const here = script.replace('127.0.0.1:3000', `127.0.0.1:${port}`);
      return spawnSync(process.execPath, [flag, here], { timeout: 20_000 }).status;
    };
    const demo = await DemoProcess.start({
      READ_TOKEN: readToken,
      WRITE_TOKEN: 'a-token-to-write-with',
      NODE_ENV: 'production',
    });
    try {
      expect(check(demo.port)).toBe(0);
    } finally {
      await demo.stop();
    }
    expect(check(1)).toBe(1);
  }, 60_000);

  it('starts what the build makes', () => {
    const dockerfile = textOf('deploy/Dockerfile');
    const command = JSON.parse(/^CMD (.+)$/m.exec(dockerfile)![1]!) as string[];
    expect(existsSync(join(root, command[1]!))).toBe(true);
    expect(dockerfile).toMatch(/^USER node$/m);
  });

  it('runs Redis as the guide advises', () => {
    const { command } = services['redis']!;
    expect(command!.join(' ')).toContain('--maxmemory-policy noeviction');
    expect(command!.join(' ')).toContain('--appendonly yes');
  });

  it('lets Prometheus find the demo with its token, and Grafana find Prometheus and the dashboard', () => {
    const [{ dns_sd_configs: [found] = [], authorization }] = prometheus.scrape_configs; // prettier-ignore
    expect(found!.names).toEqual(['app']);
    expect(app.ports![0]!.endsWith(`:${found!.port}`)).toBe(true);
    const [secret] = services['prometheus']!.secrets!;
    expect(authorization.credentials_file).toBe(`/run/secrets/${secret}`);
    expect(compose.secrets[secret!]!.environment).toBe('READ_TOKEN');
    expect(prometheus.rule_files).toEqual(['rules.yml']);
    const provisioning = 'deploy/grafana/provisioning';
    const { datasources: [source] } = parse(textOf(`${provisioning}/datasources/prometheus.yml`)) as { datasources: [{ url: string; jsonData: { timeInterval: string } }] }; // prettier-ignore
    expect(source.url).toBe('http://prometheus:9090');
    expect(source.jsonData.timeInterval).toBe(prometheus.global.scrape_interval);
    const { providers: [provider] } = parse(textOf(`${provisioning}/dashboards/nestmeter.yml`)) as { providers: [{ options: { path: string } }] }; // prettier-ignore
    const mounted = services['grafana']!.volumes!.map((volume) => volume.split(':')[1]!);
    expect(mounted).toContain(`${provider.options.path}/dashboard.json`);
    expect(mounted).toContain(services['grafana']!.environment!['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']);
  });
});
