import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { frameworks, type ServedApp } from '../fixtures/served-app.js';
import { read, settled, TestBrowser, type PageOptions } from './test-browser.js';

const hostile = {
  provider: '<img src=x onerror="document.title=1">',
  model: '</script><script>document.title=2</script>',
  operation: '\u202egnp.exe\u2066 & "quoted"',
  stage: 'x'.repeat(200),
} as const;

const firing = {
  name: 'always',
  title: 'Something <b>bold</b>',
  check: () => [
    { severity: 'warning' as const, title: 'Something <b>bold</b>', value: 7, labels: { of: hostile.provider } },
  ],
};

const views = [
  'overview', 'endpoints', 'operations', 'providers', 'models', 'usage', 'stages', 'alerts', 'replicas', 'config', 'toolkit',
] as const; // prettier-ignore

const drilled = [
  'endpoints/GET%20%2Fhello',
  `operations/${encodeURIComponent(hostile.operation)}`,
  `providers/${encodeURIComponent(hostile.provider)}`,
  `providers/${encodeURIComponent(hostile.provider)}/${encodeURIComponent(hostile.model)}`,
] as const;

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe('every view', () => {
  let app: ServedApp;
  let browser: TestBrowser;

  const open = async (hash: string, options: PageOptions = {}): Promise<Page> => {
    const page = await browser.open(`http://127.0.0.1:${app.port}/performance/#/${hash}`, options);
    await settled(page);
    return page;
  };
  const goTo = async (page: Page, hash: string): Promise<void> => {
    await page.evaluate((next) => (location.hash = next), `#/${hash}`);
    await page.waitForFunction((next) => location.hash === next, `#/${hash}`);
    await settled(page);
  };

  beforeAll(async () => {
    const [, start] = frameworks.find(([name]) => name === 'Express')!;
    app = await start({
      app: 'views & <things>',
      logLevel: 'silent',
      tags: ['tenant'],
      budgets: [{ name: 'all', limitUsd: 1, period: 'day' }],
      alerts: { rules: [firing], evaluationIntervalSeconds: 5 },
    });
    const { monitor, port } = app;
    for (let call = 0; call < 30; call++) {
      await fetch(`http://127.0.0.1:${port}/${call % 5 === 0 ? 'nowhere' : 'hello'}`);
      await monitor.track(hostile.operation, async () => {
        await monitor.track('inner <i>step</i>', () => new Promise((resolve) => setTimeout(resolve, 2)));
        monitor.recordLLMCall({
          provider: hostile.provider,
          model: hostile.model,
          operation: hostile.operation,
          durationMs: 400 + call,
          inputTokens: 1000,
          outputTokens: 100,
          costUsd: '0.001',
          tags: { tenant: '<u>acme</u>' },
        });
      });
      monitor.recordLLMCall({
        provider: 'openai',
        model: 'mystery',
        durationMs: 90,
        inputTokens: 10,
        outputTokens: 5,
        success: call % 3 > 0,
      });
      monitor.recordStage(hostile.stage, 20, { success: true });
      monitor.recordCache('pages', call % 2 === 0);
    }
    browser = await TestBrowser.start();
  }, 120_000);

  afterEach(() => browser.closePages());

  afterAll(async () => {
    await browser.stop();
    await app.stop();
  });

  it('is shown in a browser whose language is none: under the locale POSIX the page was blank', async () => {
    const page = await open('overview', { language: 'en-US@posix' });
    expect(read(await page.textContent('main'))).toContain('Where it goes');
  });

  it('shows hostile names as text, and nothing of them becomes markup', async () => {
    const page = await open('overview?window=5m');
    for (const view of [...views, ...drilled]) {
      await goTo(page, `${view}?window=5m`);
      expect(await page.locator('main img, main script, main b > b, main u, main i > b').count()).toBe(0);
      expect(await page.title()).toMatch(/ · Nestmeter$/);
    }
    await goTo(page, `${drilled[3]}?window=5m`);
    expect(await page.locator('h1').textContent()).toBe(hostile.model);
    expect(await page.locator('.crumb').textContent()).toContain(hostile.provider);
    await goTo(page, 'alerts');
    expect(await page.locator('.alert[data-alert=always]').textContent()).toContain('Something <b>bold</b>');
    await goTo(page, 'stages?window=5m');
    expect(await page.locator('tbody th .name').first().getAttribute('title')).toMatch(/^x{150,}/);
    // A name that turns the direction of text round stays within itself.
    await goTo(page, 'operations?window=5m');
    expect(await page.locator('tbody th .name bdi').count()).toBeGreaterThan(0);
  }, 120_000);

  it.each(['light', 'dark'] as const)(
    'has no serious accessibility issue in the %s theme',
    async (theme) => {
      const page = await open('overview?window=5m', { theme, bypassCSP: true });
      await page.evaluate(axeSource);
      const found: string[] = [];
      for (const view of [...views, ...drilled]) {
        await goTo(page, `${view}?window=5m`);
        const issues = await page.evaluate(async () => {
          const { axe } = window as unknown as { axe: { run(): Promise<AxeResults> } };
          const { violations, passes } = await axe.run();
          if (passes.length < 10) return [`axe looked at ${passes.length} things only`];
          return violations
            .filter(({ impact }) => impact === 'serious' || impact === 'critical')
            .map(
              ({ id, nodes }) =>
                `${id}: ${nodes
                  .map(({ html, failureSummary }) => `${html} ${failureSummary}`)
                  .slice(0, 3)
                  .join(' | ')}`,
            );
        });
        found.push(...issues.map((issue) => `${view}: ${issue}`));
      }
      expect(found).toEqual([]);
    },
    240_000,
  );

  it('is usable at 360 px without scrolling sideways, with the link of the present view in sight', async () => {
    const page = await open('overview?window=5m', { width: 360 });
    for (const view of [...views, ...drilled]) {
      await goTo(page, `${view}?window=5m`);
      const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      expect([view, widths[0]]).toEqual([view, widths[1]]);
      const link = await page.locator('nav [aria-current]').boundingBox();
      expect([view, link!.x >= 0 && link!.x + link!.width <= 360]).toEqual([view, true]);
    }
  }, 120_000);

  it('keeps window, order, filter and drill-down through back, reload and a link opened anew', async () => {
    const page = await open('models?window=15m');
    await page.getByRole('button', { name: 'p95', exact: false }).first().click();
    await page.keyboard.press('/');
    await page.keyboard.type('mystery');
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
    const link = page.url();
    expect(link).toContain('sort=-p95');
    expect(link).toContain('filter=mystery');
    await page.getByRole('link', { name: 'mystery' }).click();
    await page.waitForSelector('h1:has-text("mystery")');
    expect(page.url()).toContain('#/providers/openai/mystery?window=15m');
    await page.reload();
    await settled(page);
    expect(await page.locator('h1').textContent()).toBe('mystery');
    expect(await page.locator('.segments button[aria-pressed=true]').first().textContent()).toBe('15m');
    await page.goBack();
    await page.waitForSelector('h1:has-text("Models")');
    await settled(page);
    expect(page.url()).toBe(link);
    expect(await page.locator('input[data-filter]').inputValue()).toBe('mystery');
    expect(await page.locator('th[aria-sort=descending]').textContent()).toContain('p95');
    const anew = await open(link.slice(link.indexOf('#/') + 2));
    expect(await anew.locator('tbody tr').count()).toBe(1);
    expect(await anew.locator('th[aria-sort=descending]').textContent()).toContain('p95');
  }, 60_000);

  it('can be used with the keyboard alone', async () => {
    const page = await open('overview?window=5m');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    await page.locator('nav a').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("Endpoints")');
    await page.locator('nav a').first().focus();
    await page.keyboard.press('ArrowLeft');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Toolkit');
    await page.getByRole('button', { name: 'Custom' }).click();
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Custom');
  }, 60_000);

  it('lets an alert be acknowledged and silenced, and shows who did', async () => {
    const page = await open('alerts');
    const alert = page.locator('.alert[data-alert=always]');
    await alert.waitFor({ timeout: 60_000 });
    await alert.getByRole('button', { name: 'Acknowledge' }).click();
    await alert.getByText('acknowledged by').waitFor({ timeout: 30_000 });
    await alert.getByRole('button', { name: 'Silence…' }).click();
    await page.getByLabel('Why').fill('planned work');
    await page.getByRole('button', { name: 'Silence', exact: true }).click();
    await alert.getByText('silenced until').waitFor({ timeout: 30_000 });
    const { active } = await app.monitor.reports.alerts();
    expect(active.find(({ rule }) => rule === 'always')).toMatchObject({ acknowledged: true });
    const silence = page.locator('.plain-list li', { hasText: 'planned work' });
    await silence.getByRole('button', { name: 'End' }).click();
    await silence.waitFor({ state: 'detached', timeout: 30_000 });
  }, 120_000);

  it('changes an option on all replicas and takes it back', async () => {
    const page = await open('config');
    const row = page.locator('tbody tr', { hasText: 'apdex_ms' });
    await row.getByRole('button', { name: 'Change…' }).click();
    await page.getByLabel('Value, as JSON').fill('{"fast":');
    await page.getByRole('button', { name: 'Change on all replicas' }).click();
    expect(await page.getByRole('alert').textContent()).toContain('must be JSON');
    await page.getByLabel('Value, as JSON').fill('750');
    await page.getByRole('button', { name: 'Change on all replicas' }).click();
    await row.getByText('posted').waitFor({ timeout: 30_000 });
    expect(read(await row.textContent())).toContain('750');
    await row.getByRole('button', { name: 'Take back…' }).click();
    await page.getByRole('button', { name: 'Take back', exact: true }).click();
    await row.getByText('default').waitFor({ timeout: 30_000 });
  }, 120_000);

  it('gives a budget another limit for a time, and ends that', async () => {
    const page = await open('usage?window=5m');
    const bar = page.locator('[data-budget=all]');
    await bar.getByRole('button', { name: 'Other limit…' }).click();
    await page.getByLabel('Limit, in USD').fill('12.5');
    await page.getByLabel('Why').fill('load test');
    await page.getByRole('button', { name: 'Set on all replicas' }).click();
    await bar.getByText('other limit until').waitFor({ timeout: 30_000 });
    expect(read(await bar.textContent())).toContain('of $ 12.50');
    await bar.getByRole('button', { name: 'Change or end…' }).click();
    await page.getByLabel('End it').check();
    await page.getByRole('button', { name: 'Set on all replicas' }).click();
    await bar.getByText('other limit until').waitFor({ state: 'detached', timeout: 30_000 });
    expect(read(await bar.textContent())).toContain('of $ 1.00');
  }, 90_000);

  it('keeps an answer that it does not understand within its view', async () => {
    const page = await open('overview?window=5m');
    await page.route('**/operations?*', (route) => route.fulfill({ json: { operations_count: 3, operations: null } }));
    await page.evaluate(() => (location.hash = '#/operations?window=15m'));
    await page.getByText('This view cannot be shown').waitFor({ timeout: 30_000 });
    await page.locator('nav a', { hasText: 'Models' }).click();
    await page.waitForSelector('h1:has-text("Models")');
    expect(await page.getByText('This view cannot be shown').count()).toBe(0);
  }, 60_000);

  it('stands still while it is paused, and goes on', async () => {
    const page = await open('overview?window=5m');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.waitForSelector('[data-live=paused]');
    const before = await page.locator('[data-updated]').getAttribute('data-updated');
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    // Longer than two snapshots and one round of reports.
    await page.waitForTimeout(12_000);
    expect(asked).toEqual([]);
    expect(await page.locator('[data-updated]').getAttribute('data-updated')).toBe(before);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.waitForFunction(
      (last) => document.querySelector('[data-updated]')?.getAttribute('data-updated') !== last,
      before,
    );
  }, 60_000);
});

interface AxeResults {
  readonly passes: readonly unknown[];
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}
