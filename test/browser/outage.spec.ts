import { freePort } from '../fixtures/redis-server.js';
import { DemoProcess } from '../fixtures/demo-process.js';
import { frameworks } from '../fixtures/served-app.js';
import { settled, TestBrowser } from './test-browser.js';

/** What the browser says while nothing listens, and of a stream too many. */
const expected =
  /status of 503|net::ERR_CONNECTION_REFUSED|net::ERR_INCOMPLETE_CHUNKED_ENCODING|net::ERR_CONNECTION_RESET|net::ERR_EMPTY_RESPONSE/;

describe('the page while its service is gone', () => {
  let browser: TestBrowser;
  let demo: DemoProcess;
  let port: string;

  beforeAll(async () => {
    port = String(await freePort());
    demo = await DemoProcess.start({ PORT: port, RATE: '2' });
    browser = await TestBrowser.start();
  }, 120_000);

  afterEach(() => browser.closePages(expected));

  afterAll(async () => {
    await browser.stop();
    await demo.stop();
  });

  it('says that what it shows is stale, keeps showing it, and goes on when the service is back', async () => {
    const page = await browser.open(`${demo.url}/performance/#/overview?window=5m`);
    await settled(page);
    const before = Number(await page.locator('[data-updated]').getAttribute('data-updated'));
    await demo.stop();
    await page.waitForSelector('[data-live=offline]', { timeout: 60_000 });
    expect(await page.locator('.tile .value').first().textContent()).not.toBe('');
    demo = await DemoProcess.start({ PORT: port, RATE: '2' });
    await page.waitForSelector('[data-live=live]', { timeout: 90_000 });
    const after = Number(await page.locator('[data-updated]').getAttribute('data-updated'));
    expect(after).toBeGreaterThan(before);
  }, 240_000);

  it('asks for its numbers where no more streams are open, and says so', async () => {
    const [, start] = frameworks.find(([name]) => name === 'Express')!;
    const app = await start({ app: 'crowded', logLevel: 'silent', liveClients: 1 });
    const open = () => browser.open(`http://127.0.0.1:${app.port}/performance/`);
    const first = await open();
    await first.waitForSelector('[data-live=live]', { timeout: 30_000 });
    const second = await open();
    await second.waitForSelector('[data-live=polling]', { timeout: 30_000 });
    const before = await second.locator('[data-updated]').getAttribute('data-updated');
    await second.waitForFunction(
      (last) => document.querySelector('[data-updated]')?.getAttribute('data-updated') !== last,
      before,
      { timeout: 60_000 },
    );
    expect(await second.locator('[data-live=polling]').count()).toBe(1);
    // Once there is room again it is live.
    await first.context().close();
    await second.waitForSelector('[data-live=live]', { timeout: 60_000 });
    await second.context().close();
    await app.stop();
  }, 180_000);
});
