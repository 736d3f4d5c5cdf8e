import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DashboardAssets } from './dashboard-assets.js';

describe('DashboardAssets', () => {
  let folder: string;
  let assets: DashboardAssets;
  const write = (name: string, text = name) => writeFileSync(join(folder, name), text);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nestmeter-page-'));
    assets = new DashboardAssets(pathToFileURL(`${folder}/`));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const build = () => {
    mkdirSync(join(folder, 'assets'));
    for (const name of ['index.html', 'index.html.br', 'secret.txt', 'assets/a-1.js', 'assets/a-1.js.gz', 'assets/b'])
      write(name);
  };

  it('says what to do while there is no page, and finds it once it is built', async () => {
    const refused = {
      code: 'NM_DASHBOARD_NOT_BUILT',
      message: expect.stringMatching(/got none in .*npm run build\.$/),
    };
    await expect(assets.document()).rejects.toMatchObject(refused);
    await expect(assets.asset('a-1.js')).rejects.toMatchObject(refused);
    build();
    expect((await assets.document()).bodies.get('identity')!.toString()).toBe('index.html');
  });

  it('has every file with its type and in the codings that the build made', async () => {
    build();
    const page = await assets.document();
    expect([page.contentType, [...page.bodies.keys()]]).toEqual(['text/html; charset=utf-8', ['identity', 'br']]);
    const script = (await assets.asset('a-1.js'))!;
    expect([script.contentType, [...script.bodies.keys()]]).toEqual([
      'text/javascript; charset=utf-8',
      ['identity', 'gzip'],
    ]);
    expect(script.bodies.get('gzip')!.toString()).toBe('assets/a-1.js.gz');
    expect((await assets.asset('b'))!.contentType).toBe('application/octet-stream');
    expect(script.etag).toMatch(/^W\/"[\w-]{22}"$/);
    expect(script.etag).not.toBe(page.etag);
  });

  it('reads the files once', async () => {
    build();
    const first = await assets.asset('a-1.js');
    write('assets/a-1.js', 'other');
    expect(await assets.asset('a-1.js')).toBe(first);
  });

  it.each([
    '',
    '..',
    '../index.html',
    '../secret.txt',
    'a-1.js.gz',
    'index.html',
    '__proto__',
    'constructor',
    'a-1.js\0',
  ])('knows nothing by the name %j', async (name) => {
    build();
    expect(await assets.asset(name)).toBeUndefined();
  });
});
