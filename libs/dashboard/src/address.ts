import { shownText } from './format/text.js';

/** Parts of the page that have an address of their own, in the order of the navigation. */
export const views = [
  'overview',
  'endpoints',
  'operations',
  'providers',
  'models',
  'usage',
  'stages',
  'alerts',
  'replicas',
  'config',
  'toolkit',
] as const;

/** See {@link views}. */
export type View = (typeof views)[number];

/** How far the page looks back: up to now, or between two moments in Unix seconds. */
export type WindowChoice = { readonly last: string } | { readonly from: number; readonly to: number };

/** Which colours the page has; `system` follows the viewer's system. */
export type Theme = 'system' | 'light' | 'dark';

/** What a view may keep in its address beside names and window. */
export const optionNames = ['sort', 'filter', 'by', 'group', 'hours', 'status'] as const;

/** See {@link optionNames}. */
export type OptionName = (typeof optionNames)[number];

/** Everything that makes the page look as it does, so that a link or a reload shows the same again. */
export interface Address {
  readonly view: View;
  /** What is drilled into: an endpoint, an operation, a provider, a provider and its model. Hostile text. */
  readonly names: readonly string[];
  readonly window: WindowChoice;
  /** Null where the address says nothing: then it is what the viewer chose last. */
  readonly theme: Theme | null;
  readonly options: Readonly<Partial<Record<OptionName, string>>>;
}

/** The window of an address that names none. */
export const defaultWindow = { last: '1h' } as const satisfies WindowChoice;

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const shortestSeconds = 30;
const longestSeconds = 90 * 86_400;
/** A server takes names of up to 191 characters and their hash; anything longer is no name. */
const mostNameCharacters = 400;
const mostOptionCharacters = 400;

/** Seconds of `30s` … `90d`; null for anything else. */
export function durationSeconds(text: string): number | null {
  const match = /^(\d{1,8})([smhd])$/.exec(text);
  if (match === null) return null;
  const length = Number(match[1]) * unitSeconds[match[2]!]!;
  return length >= shortestSeconds && length <= longestSeconds ? length : null;
}

/** How long a window is, in seconds. */
export function windowSeconds(window: WindowChoice): number {
  return 'last' in window ? (durationSeconds(window.last) ?? 3600) : window.to - window.from;
}

/** Reads what stands behind `#`. Total: what it does not understand is left out, so that no link breaks the page. */
export function parseAddress(hash: string): Address {
  const text = hash.replace(/^#?\/?/, '');
  const at = text.indexOf('?');
  const [path, query] = at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  const [view = '', ...names] = path.split('/').map(decoded);
  const known = views.find((each) => each === view);
  const parameters = new URLSearchParams(query);
  const given = names.filter((name) => name !== '' && name.length <= mostNameCharacters);
  return {
    view: known ?? 'overview',
    names: known === undefined ? [] : given.slice(0, namesOf(known)),
    window: parseWindow(parameters),
    theme: (['system', 'light', 'dark'] as const).find((theme) => theme === parameters.get('theme')) ?? null,
    options: Object.fromEntries(
      optionNames.flatMap((name) => {
        const value = parameters.get(name);
        return value === null || value === '' || value.length > mostOptionCharacters ? [] : [[name, value]];
      }),
    ),
  };
}

/** Writes an address so that {@link parseAddress} reads the same; begins with `#/`. */
export function printAddress({ view, names, window, theme, options }: Address): string {
  const parameters = new URLSearchParams();
  if (!('last' in window)) {
    parameters.set('from', String(window.from));
    parameters.set('to', String(window.to));
  } else if (window.last !== defaultWindow.last) parameters.set('window', window.last);
  for (const name of optionNames) {
    const value = options[name];
    if (value !== undefined && value !== '') parameters.set(name, shownText(value));
  }
  if (theme !== null) parameters.set('theme', theme);
  const path = [view, ...names.map((name) => encodeURIComponent(shownText(name)))].join('/');
  const query = parameters.toString();
  return `#/${path}${query === '' ? '' : `?${query}`}`;
}

/** How deep a view can be drilled into. */
function namesOf(view: View): number {
  if (view === 'providers') return 2;
  return view === 'endpoints' || view === 'operations' || view === 'stages' ? 1 : 0;
}

function parseWindow(parameters: URLSearchParams): WindowChoice {
  const [from, to] = [seconds(parameters.get('from')), seconds(parameters.get('to'))];
  if (from !== null && to !== null && from < to && to - from >= shortestSeconds && to - from <= longestSeconds)
    return { from, to };
  const last = parameters.get('window') ?? '';
  return durationSeconds(last) === null ? defaultWindow : { last };
}

function seconds(text: string | null): number | null {
  return text !== null && /^\d{9,11}$/.test(text) ? Number(text) : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A link that was cut in the middle of a character is still better shown than refused.
    return part;
  }
}
