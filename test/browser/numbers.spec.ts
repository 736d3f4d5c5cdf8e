import type { Page } from 'playwright-core';
import { duration, milliseconds } from '../../libs/dashboard/src/format/duration.js';
import { plain } from '../../libs/dashboard/src/format/figure.js';
import { money } from '../../libs/dashboard/src/format/money.js';
import { compact, count, decimal } from '../../libs/dashboard/src/format/number.js';
import { percent } from '../../libs/dashboard/src/format/percent.js';
import type { Answers } from '../../libs/dashboard/src/api/answers.js';
import { DemoProcess } from '../fixtures/demo-process.js';
import { read, settled, TestBrowser } from './test-browser.js';

/** Cells of the row of a table whose first cell begins with a name, by the titles of their columns. */
async function rowOf(page: Page, caption: string, name: string): Promise<Record<string, string>> {
  const table = page.locator('table', { has: page.locator('caption', { hasText: new RegExp(`^${caption}$`) }) });
  const titles = (await table.locator('thead th').allTextContents()).map((title) => read(title).replace(/[ ↑↓]+$/, ''));
  const row = table.locator('tbody tr', { has: page.locator('th', { hasText: name }) }).first();
  const cells = (await row.locator('th, td').allTextContents()).map(read);
  return Object.fromEntries(titles.map((title, at) => [title, cells[at]!]));
}

const shown = (figure: Parameters<typeof plain>[0]): string => read(plain(figure));

describe('the page over the memory store', () => {
  let demo: DemoProcess;
  let browser: TestBrowser;
  let from: number;
  let to: number;

  const answerOf = async <Route extends keyof Answers>(route: Route, query = ''): Promise<Answers[Route]> =>
    (await (await fetch(`${demo.url}/performance/${route}${query}`)).json()) as Answers[Route];
  const open = async (hash: string): Promise<Page> => {
    const page = await browser.open(`${demo.url}/performance/#/${hash}`);
    await settled(page);
    return page;
  };

  beforeAll(async () => {
    demo = await DemoProcess.start({ TRAFFIC: 'off', ERROR_SHARE: '0' });
    browser = await TestBrowser.start();
    from = Math.floor(Date.now() / 10_000) * 10;
    for (let request = 0; request < 40; request++) {
      const [provider, model] = request % 2 === 0 ? ['openai', 'gpt-4o-mini'] : ['anthropic', 'claude-sonnet-4-6'];
      const order = `[[in=${900 + request},out=${20 + (request % 5)},cached=${request % 3}]]`;
      await fetch(`${demo.url}/chat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ provider, model, message: `Where is my order? ${order}` }),
      });
      await fetch(`${demo.url}/search?q=refund%20${request}`);
    }
    // The page asks for a stretch that is over, so that what it shows cannot have changed when the test asks.
    to = Math.max(from + 30, Math.ceil(Date.now() / 10_000) * 10);
    while (Date.now() / 1000 < to + 1) await new Promise((resolve) => setTimeout(resolve, 500));
  }, 180_000);

  afterEach(() => browser.closePages());

  afterAll(async () => {
    await browser.stop();
    await demo.stop();
  });

  it('shows endpoints as GET /endpoints answers them', async () => {
    const page = await open(`endpoints?from=${from}&to=${to}`);
    const { endpoints, window } = await answerOf('endpoints', `?from=${from}&to=${to}`);
    // The store may be younger than the window.
    const seconds = window.to - Math.max(window.from, window.data_since ?? window.from);
    const { stats, tokens, total_cost_usd: cost } = endpoints['POST /chat']!;
    expect(stats.total_operations).toBe(40);
    expect(await rowOf(page, 'Endpoints', 'POST /chat')).toMatchObject({
      Endpoint: 'POST /chat',
      'Per min': shown(decimal((stats.total_operations / seconds) * 60)),
      'Average ms': read(milliseconds(stats.avg_duration_ms).text),
      'p95 ms': read(milliseconds(stats.p95_duration_ms).text),
      Errors: shown(percent(stats.error_rate_percent)),
      Tokens: shown(compact(tokens.total_tokens)),
      Cost: shown(money(cost)),
    });
    expect(await page.locator(`[title="${cost} USD"]`).count()).toBeGreaterThan(0);
  });

  it('shows models and their cost to the last digit as GET /providers answers them', async () => {
    const page = await open(`models?from=${from}&to=${to}`);
    const { providers } = await answerOf('providers', `?from=${from}&to=${to}`);
    for (const [provider, name] of [
      ['openai', 'gpt-4o-mini'],
      ['anthropic', 'claude-sonnet-4-6'],
    ] as const) {
      const model = Object.entries(providers[provider]!.model_stats).find(([each]) => each.startsWith(name))![1];
      const row = await rowOf(page, 'Models', name);
      expect(row).toMatchObject({
        Calls: shown(count(model.total_operations)),
        Success: shown(percent(model.success_rate_percent)),
        'p50 ms': read(milliseconds(model.p50_duration_ms).text),
        'Tokens in · out': `${shown(compact(model.tokens.input_tokens))} · ${shown(compact(model.tokens.output_tokens))}`,
        Cost: shown(money(model.total_cost_usd)),
      });
      expect(await page.locator(`[title="${model.total_cost_usd} USD"]`).count()).toBeGreaterThan(0);
    }
  });

  it('shows operations with what their time is made of as GET /operations answers them', async () => {
    const page = await open(`operations/search?from=${from}&to=${to}`);
    const { operations } = await answerOf('operations', `?operation=search&from=${from}&to=${to}`);
    const search = operations['search']!;
    const facts = Object.fromEntries(
      await page
        .locator('.facts > div')
        .evaluateAll((all) =>
          all.map((each) => [each.querySelector('dt')!.textContent, each.querySelector('dd')!.textContent]),
        ),
    ) as Record<string, string>;
    expect(read(facts['Calls']!)).toBe(shown(count(search.total_operations)));
    expect(read(facts['Average']!)).toBe(shown(duration(search.avg_duration_ms)));
    for (const [name, component] of Object.entries(search.components))
      expect(await rowOf(page, 'Components', name)).toMatchObject({
        Share: shown(percent(component.share_percent)),
        Calls: shown(count(component.calls)),
        'p95 ms': read(milliseconds(component.p95_duration_ms).text),
      });
  });

  it('shows usage as GET /usage answers it, and all of it in the headline', async () => {
    const page = await open(`usage?by=model&from=${from}&to=${to}`);
    const { summary, by_model: models } = await answerOf('usage', `?from=${from}&to=${to}`);
    const tile = (label: string) => page.locator('.tile', { hasText: label }).first().locator('.value').textContent();
    expect(read(await tile('Cost'))).toBe(shown(money(summary.total_cost_usd)));
    expect(read(await tile('Tokens'))).toBe(shown(compact(summary.total_tokens)));
    for (const [name, usage] of Object.entries(models))
      expect(await rowOf(page, 'Usage', name)).toMatchObject({
        Calls: shown(count(usage.total_calls)),
        'Tokens in': shown(compact(usage.input_tokens)),
        Cost: shown(money(usage.total_cost_usd)),
      });
  });

  it('shows what is used of each budget as GET /budgets answers it', async () => {
    const page = await open('usage');
    const { budgets } = await answerOf('budgets');
    const all = budgets.find(({ name }) => name === 'all')!;
    expect(all.used_cost_usd).toMatch(/[1-9]/);
    const bar = page.locator('[data-budget=all]');
    expect(read(await bar.textContent())).toContain(`${shown(money(all.used_cost_usd))} of $ 1 500.00`);
    expect(await bar.locator(`[title^="${all.used_cost_usd} USD of"]`).count()).toBe(1);
    expect(Number(await bar.getByRole('meter').getAttribute('aria-valuenow'))).toBeCloseTo(all.used_percent!, 6);
  });

  it('shows the health of the toolkit and every option as they are', async () => {
    const page = await open('toolkit');
    const health = await answerOf('health');
    expect(read(await page.locator('main').textContent())).toContain(`${health.store.state} since`);
    await page.goto(`${demo.url}/performance/#/config`);
    await settled(page);
    const { effective } = await answerOf('config');
    for (const [name, value] of Object.entries(effective).filter(([each]) => each !== 'alert_thresholds'))
      expect((await rowOf(page, 'Options', name))['Value']).toContain(
        typeof value === 'string' ? value : read(JSON.stringify(value)),
      );
  });
});
