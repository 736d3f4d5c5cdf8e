import { freePort } from '../fixtures/redis-server.js';
import { DemoProcess } from '../fixtures/demo-process.js';
import { settled, TestBrowser } from './test-browser.js';

/** What the browser says while nothing listens. */
const unreachable =
  /net::ERR_CONNECTION_REFUSED|net::ERR_INCOMPLETE_CHUNKED_ENCODING|net::ERR_CONNECTION_RESET|net::ERR_EMPTY_RESPONSE/;

describe('the page while its service is gone', () => {
  let browser: TestBrowser;
  let demo: DemoProcess;
  let port: string;

  beforeAll(async () => {
    port = String(await freePort());
    demo = await DemoProcess.start({ PORT: port, RATE: '2' });
    browser = await TestBrowser.start();
  }, 120_000);

  afterEach(() => browser.closePages(unreachable));

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
});
