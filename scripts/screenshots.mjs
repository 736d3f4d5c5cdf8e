/**
 * Takes pictures of every view of the page over the running demo, in both themes and on a phone, into the folder
 * `screenshots` (git ignores it), and the one that README shows into `docs/images/dashboard.png`. Run it after
 * `npm run build`: `node scripts/screenshots.mjs [minutes of traffic, 12] [name of a view]`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import sparticuz from '@sparticuz/chromium';
import { chromium } from 'playwright-core';

const [minutes = '12', only] = process.argv.slice(2);
const folder = fileURLToPath(new URL('../screenshots/', import.meta.url));
const readmePicture = fileURLToPath(new URL('../docs/images/dashboard.png', import.meta.url));

/** Every view with its address. */
const views = {
  overview: 'overview?window=5m',
  endpoints: 'endpoints?window=5m',
  endpoint: 'endpoints/POST%20%2Fchat?window=5m',
  operations: 'operations?window=5m',
  operation: 'operations/search?window=5m',
  providers: 'providers?window=5m',
  provider: 'providers/openai?window=5m',
  model: 'providers/anthropic/claude-sonnet-4-6?window=5m',
  models: 'models?window=5m',
  usage: 'usage?window=5m&by=model',
  stages: 'stages?window=5m',
  stage: 'stages/classify?window=5m',
  alerts: 'alerts',
  replicas: 'replicas?window=5m',
  config: 'config',
  toolkit: 'toolkit',
};
const forms = [
  { name: 'light', theme: 'light', width: 1360 },
  { name: 'dark', theme: 'dark', width: 1360 },
  { name: 'phone', theme: 'light', width: 360 },
];

const fleet = spawn(process.execPath, [fileURLToPath(new URL('../dist/apps/demo/fleet.js', import.meta.url))], {
  env: { ...process.env, PORT: '0', RATE: '5', NODE_ENV: 'development' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = await addressOf(fleet);
console.log(`The demo runs at ${url}; ${minutes} minutes of traffic make the charts worth a look.`);
await sleep(Number(minutes) * 60_000);

const browser = await chromium.launch({
  executablePath: await sparticuz.executablePath(),
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'], // prettier-ignore
});
try {
  for (const { name, theme, width } of forms) {
    await mkdir(`${folder}${name}`, { recursive: true });
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: theme,
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
    });
    for (const [view, hash] of Object.entries(views).filter(([each]) => only === undefined || each === only)) {
      const page = await context.newPage();
      await page.goto(`${url}/performance/#/${hash}`);
      await page.waitForFunction(
        () => document.querySelector('[data-updated]') !== null && document.querySelector('[aria-busy]') === null,
      );
      // Two snapshots more, so that the line of calls in flight is one.
      await sleep(view === 'overview' ? 11_000 : 500);
      await page.screenshot({ path: `${folder}${name}/${view}.png`, fullPage: true });
      await page.close();
    }
    await context.close();
  }
} finally {
  await browser.close();
  const ended = once(fleet, 'exit');
  fleet.kill('SIGTERM');
  await ended;
}
await copyFile(`${folder}light/overview.png`, readmePicture).catch((error) => {
  if (only === undefined || only === 'overview') throw error;
});
console.log(`Pictures are in ${folder}.`);

/** The address of the first replica, as the fleet prints it. */
async function addressOf(child) {
  for await (const line of createInterface(child.stdout)) {
    const [first] = line.match(/http:\/\/[\d.]+:\d+/) ?? [];
    if (!line.startsWith('Nestmeter demo on') || first === undefined) continue;
    child.stdout.resume();
    return first;
  }
  throw new Error('The demo must print its address, got an end. Run npm run build; see its output above.');
}
