import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NestmeterError } from '../errors.js';

/** Where `npm run build` puts the page. It is beside `src` and beside `dist`, so that sources and package find it alike. */
const builtPage = new URL('../../dashboard/', import.meta.url);

/** What a body is compressed with, as HTTP names it; `identity` is not at all. */
export type ContentCoding = 'br' | 'gzip' | 'identity';

/** A file of the page, as it is sent. */
export interface DashboardAsset {
  readonly contentType: string;
  /** Names the contents; weak, since it is the same for every coding. */
  readonly etag: string;
  /** The contents in each coding that there is; never without `identity`. */
  readonly bodies: ReadonlyMap<ContentCoding, Buffer>;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** Compressed by the build, beside the file itself. */
const compressed: readonly (readonly [extension: string, coding: ContentCoding])[] = [
  ['.br', 'br'],
  ['.gz', 'gzip'],
];

/**
 * The files of the built page, read when they are first asked for and kept, a few hundred kilobytes. What is asked for is
 * looked up among the names that the build made and never becomes a path.
 */
export class DashboardAssets {
  #files: Promise<ReadonlyMap<string, DashboardAsset>> | null = null;

  /** @param folder with `index.html` and `assets/` */
  constructor(private readonly folder: URL = builtPage) {}

  /** The page itself. Rejects with NM_DASHBOARD_NOT_BUILT in sources that were not built. */
  async document(): Promise<DashboardAsset> {
    return (await this.#read()).get('index.html')!;
  }

  /** What the page loads, by its name in the folder `assets`; undefined for any other. Rejects as {@link document}. */
  async asset(name: string): Promise<DashboardAsset | undefined> {
    return (await this.#read()).get(`assets/${name}`);
  }

  /** Read once; after a failure again, so that a page which is built meanwhile is found. */
  #read(): Promise<ReadonlyMap<string, DashboardAsset>> {
    return (this.#files ??= this.#readAll().catch((cause: unknown) => {
      this.#files = null;
      throw notBuilt(this.folder, cause);
    }));
  }

  async #readAll(): Promise<ReadonlyMap<string, DashboardAsset>> {
    const beside = await readdir(this.folder);
    const assets = await readdir(new URL('assets/', this.folder));
    const present = new Set([...beside, ...assets.map((name) => `assets/${name}`)]);
    const isPlain = (name: string) => !compressed.some(([extension]) => name.endsWith(extension));
    const names = ['index.html', ...[...present].filter((name) => name.startsWith('assets/') && isPlain(name))];
    const file = async (name: string) => [name, await this.#assetOf(name, present)] as const;
    return new Map(await Promise.all(names.map(file)));
  }

  async #assetOf(name: string, present: ReadonlySet<string>): Promise<DashboardAsset> {
    const contents = await readFile(new URL(name, this.folder));
    const bodies = new Map<ContentCoding, Buffer>([['identity', contents]]);
    for (const [extension, coding] of compressed)
      if (present.has(name + extension)) bodies.set(coding, await readFile(new URL(name + extension, this.folder)));
    const digest = createHash('sha256').update(contents).digest('base64url').slice(0, 22);
    return { contentType: contentTypes[extname(name)] ?? 'application/octet-stream', etag: `W/"${digest}"`, bodies };
  }
}

function notBuilt(folder: URL, cause: unknown): NestmeterError {
  const message = `The page must be built before it is served, got none in ${fileURLToPath(folder)}. Run npm run build.`;
  return new NestmeterError({ code: 'NM_DASHBOARD_NOT_BUILT', message, cause });
}
