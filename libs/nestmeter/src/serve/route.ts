import { z } from 'zod';
import type { Report } from '../report/report.js';
import type { AccessLevel } from './access.js';
import type { Admission, Caller } from './admission.js';
import type { DashboardAsset, DashboardAssets } from './dashboard-assets.js';
import type { LiveFeed, LiveStreams } from './live.js';
import type { MonitorView } from './monitor-view.js';
import type { Exposition } from './prometheus.js';
import type { RequestHeaders } from './remote-address.js';

/** A request for one of our routes, free of any framework. */
export interface RouteRequest {
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly url: string;
  readonly headers: RequestHeaders;
  /** Address of the other end of the connection; undefined for local sockets. */
  readonly remoteAddress: string | undefined;
  /** Whether the connection itself is encrypted. Default not. */
  readonly isEncrypted?: boolean;
  /** Whether the connection can be taken over for a WebSocket. Default not. */
  readonly isUpgrade?: boolean;
  /** What the framework handed over; access functions get it. */
  readonly native: unknown;
  /** Reads the body, up to a number of bytes; null when there is more. */
  body(mostBytes: number): Promise<string | null>;
}

/** What handlers work with. */
export interface ServeContext {
  readonly view: MonitorView;
  readonly live: LiveStreams;
  readonly exposition: Exposition;
  readonly admission: Admission;
  readonly assets: DashboardAssets;
}

/** What a handler answers, with status 200 unless it says otherwise. */
export type RouteAnswer =
  | {
      readonly kind: 'json';
      readonly value: unknown;
      /** Names the state of what is answered, as a header. */
      readonly etag?: string;
      /** The header `Set-Cookie`. */
      readonly cookie?: string;
    }
  | { readonly kind: 'text'; readonly text: string; readonly contentType: string }
  /** A stream of server-sent events. */
  | { readonly kind: 'events'; readonly feed: LiveFeed }
  /** Status 101: the connection becomes a WebSocket. */
  | { readonly kind: 'socket'; readonly feed: LiveFeed }
  /** The page itself, which is asked for again each time, or something that it loads, whose name changes with it. */
  | { readonly kind: 'document' | 'asset'; readonly file: DashboardAsset }
  /** Status 307. @param location relative to what was asked for, so that it holds behind a proxy that changes paths */
  | { readonly kind: 'redirect'; readonly location: string };

/** What a handler is asked. */
export interface RouteCall<Query, Body> {
  readonly query: Query;
  /** Parts of the path that the route leaves open, such as `:id`. */
  readonly path: Readonly<Record<string, string>>;
  readonly body: Body;
  /** Who asks, for the record of changes. */
  readonly principal: string;
  readonly caller: Caller;
  /** Path as the client sent it, without the query. */
  readonly sentPath: string;
  /** Whether the connection can be taken over for a WebSocket. */
  readonly isUpgrade: boolean;
  /** The header `If-Match`: of which state a thing must be that is to be changed. */
  readonly ifMatch: string | null;
}

/** A row of the route table. Controller, routers, OpenAPI document, reference and access test are made from it. */
export interface Route<Query = unknown, Body = unknown> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path below the prefix; a part `:name` matches anything but a slash. */
  readonly path: string;
  /** What it answers, as one sentence for the reference. */
  readonly summary: string;
  readonly query: z.ZodType<Query>;
  /** Null for routes that take no body. */
  readonly body: z.ZodType<Body> | null;
  /** Schema of a JSON answer; null for text and streams. */
  readonly answer: z.ZodType | null;
  /** What a caller must be allowed to; `open` routes need no credentials (but are hidden with all others). */
  readonly access: AccessLevel | 'open';
  /** Whether it counts against the limit of reads. */
  readonly limited: boolean;
  /** Where browsers may ask from: `own` refuses pages of other origins. Default `any` for GET, else `own`. */
  readonly origin: 'any' | 'own';
  /** Whether it is there for the page only: the option `dashboard` leaves it out. */
  readonly forPage: boolean;
  handle(context: ServeContext, call: RouteCall<Query, Body>): Promise<RouteAnswer>;
}

/** A query without parameters. */
export const noQuery = z.strictObject({});

/** A route whose answer is a report. */
export function reportRoute<Query, Answer>(path: string, report: Report<Query, Answer>): Route {
  return defineRoute({
    path,
    summary: report.summary,
    query: report.query,
    answer: report.answer,
    handle: async ({ view }, { query }) => ({ kind: 'json', value: await view.report(report, query) }),
  });
}

type RouteSpec<Query, Body> = Pick<Route<Query, Body>, 'path' | 'summary' | 'query' | 'handle'> &
  Partial<Route<Query, Body>>;

/** A row with the defaults: a GET that reads JSON. */
export function defineRoute<Query, Body = null>(spec: RouteSpec<Query, Body>): Route {
  // The table holds routes of all shapes; handle() gives each only what its own schemas made.
  const { method = 'GET' } = spec;
  const origin = method === 'GET' ? 'any' : 'own';
  const defaults = { method, body: null, answer: null, access: 'read', limited: true, origin, forPage: false };
  return { ...defaults, ...spec } as unknown as Route;
}
