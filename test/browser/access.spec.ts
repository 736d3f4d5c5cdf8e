import { frameworks, type ServedApp } from '../fixtures/served-app.js';
import { RewritingProxy } from '../fixtures/rewriting-proxy.js';
import { settled, TestBrowser } from './test-browser.js';

const read = 'a-token-that-may-read';
const write = 'a-token-that-may-write';

/** What the browser says of the 401 that tells the page to ask for a token. */
const refused = /Failed to load resource: the server responded with a status of 401/;

describe('the page behind access', () => {
  let app: ServedApp;
  let proxy: RewritingProxy;
  let browser: TestBrowser;

  const open = async (url: string) => {
    const page = await browser.open(url);
    return page;
  };

  beforeAll(async () => {
    const [, start] = frameworks.find(([name]) => name === 'Nest on Fastify')!;
    app = await start({ app: 'guarded', logLevel: 'silent', access: { read, write } });
    proxy = await RewritingProxy.start(app.port, '/team/metrics', '/performance');
    browser = await TestBrowser.start();
  }, 120_000);

  afterEach(() => browser.closePages(refused));

  afterAll(async () => {
    await browser.stop();
    await proxy.stop();
    await app.stop();
  });

  it('asks for a token, refuses a wrong one and lets a right one in', async () => {
    const page = await open(`http://127.0.0.1:${app.port}/performance/#/config`);
    await page.getByLabel('Token').fill('certainly-not-this-one');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('This token opens nothing.').waitFor({ timeout: 30_000 });
    await page.getByLabel('Token').fill(read);
    await page.getByRole('button', { name: 'Log in' }).click();
    await settled(page);
    expect(await page.locator('h1').textContent()).toBe('Configuration');
    // What changes something is not offered to who may read only.
    expect(await page.getByRole('button', { name: 'Change…' }).count()).toBe(0);
    expect(await page.evaluate(() => document.cookie)).toBe('');
    await page.reload();
    await settled(page);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Token').waitFor({ timeout: 30_000 });
  }, 90_000);

  it('offers changes to who may write, and makes them', async () => {
    const page = await open(`http://127.0.0.1:${app.port}/performance/#/config`);
    await page.getByLabel('Token').fill(write);
    await page.getByRole('button', { name: 'Log in' }).click();
    await settled(page);
    const row = page.locator('tbody tr', { hasText: 'live_clients' });
    await row.getByRole('button', { name: 'Change…' }).click();
    await page.getByLabel('Value, as JSON').fill('20');
    await page.getByRole('button', { name: 'Change on all replicas' }).click();
    await row.getByText('posted').waitFor({ timeout: 30_000 });
    const headers = { authorization: `Bearer ${read}` };
    const response = await fetch(`http://127.0.0.1:${app.port}/performance/config`, { headers });
    expect(await response.json()).toMatchObject({ effective: { live_clients: 20 } });
  }, 90_000);

  it('works below another path, behind a proxy that rewrites it', async () => {
    const page = await open(`http://127.0.0.1:${proxy.port}/team/metrics/#/config`);
    await page.getByLabel('Token').fill(write);
    await page.getByRole('button', { name: 'Log in' }).click();
    await settled(page);
    expect(page.url()).toBe(`http://127.0.0.1:${proxy.port}/team/metrics/#/config`);
    const row = page.locator('tbody tr', { hasText: 'log_level' });
    await row.getByRole('button', { name: 'Change…' }).click();
    await page.getByLabel('Value, as JSON').fill('"error"');
    await page.getByRole('button', { name: 'Change on all replicas' }).click();
    await row.getByText('posted').waitFor({ timeout: 30_000 });
  }, 90_000);
});
