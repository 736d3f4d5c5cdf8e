import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** How a page is opened. */
export interface PageOptions {
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  /** Lets code of the test into the page, which its content security policy refuses otherwise. */
  readonly bypassCSP?: boolean;
  /** What the browser calls its language, where that is not the one of the test. */
  readonly language?: string;
}

const unpack = `import('@sparticuz/chromium').then(async ({ default: chromium }) => console.log(await chromium.executablePath()))`;

/**
 * Chromium as it is in the package @sparticuz/chromium, unpacked into a folder of its own. It watches its pages for whatever
 * goes wrong in them: errors and warnings of the console, exceptions, policy reports, dialogs.
 */
export class TestBrowser {
  readonly #contexts: BrowserContext[] = [];
  readonly #problems: string[] = [];

  private constructor(
    private readonly browser: Browser,
    private readonly folder: string,
  ) {}

  /** Unpacks and starts it, without anything that would reach out. */
  static async start(): Promise<TestBrowser> {
    const folder = await mkdtemp(join(tmpdir(), 'nestmeter-browser-'));
    // The package unpacks into the folder for temporary files: two specs at once would write the same file.
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', unpack], {
      env: { ...process.env, TMPDIR: folder },
    });
    const browser = await chromium.launch({
      executablePath: stdout.trim(),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    return new TestBrowser(browser, folder);
  }

  /** Opens an address in a window that remembers nothing of others. */
  async open(
    url: string,
    { theme = 'light', width = 1280, bypassCSP = false, language }: PageOptions = {},
  ): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: theme,
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
      bypassCSP,
    });
    this.#contexts.push(context);
    if (language !== undefined)
      await context.addInitScript((name) => {
        Object.defineProperty(Navigator.prototype, 'language', { get: () => name, configurable: true });
      }, language);
    const page = await context.newPage();
    const problems = this.#problems;
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        problems.push(`${message.type()}: ${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
    page.on('dialog', (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        console.error(`policy: ${violatedDirective} refused ${blockedURI}`),
      );
    });
    await page.goto(url);
    return page;
  }

  /**
   * Closes all pages; call it after each test. Throws when anything went wrong in one of them.
   * @param expected what a test made go wrong
   */
  async closePages(expected: RegExp | null = null): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
    const problems = this.#problems.splice(0).filter((problem) => expected === null || !expected.test(problem));
    if (problems.length > 0) throw new Error(`A page must run without problems, got:\n${problems.join('\n')}`);
  }

  /** Closes all windows and removes what was unpacked. */
  async stop(): Promise<void> {
    await this.browser.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Waits until a page shows answers instead of placeholders. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () => document.querySelector('[data-updated]') !== null && document.querySelector('[aria-busy]') === null,
    null,
    { timeout: 30_000 },
  );
}

/** Text as a person reads it: narrow spaces are spaces. */
export function read(text: string | null): string {
  return (text ?? '').replaceAll(/[\u202f\u00a0\s]+/g, ' ').trim();
}
