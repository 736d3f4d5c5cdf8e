import { z } from 'zod';
import { isHigher } from '../store/upkeep.js';

/*
 * What was posted, as replicas share it: a value for each place in the configuration, each with the state of the document
 * in which it was last changed. Merging takes the newer value of every place. It is commutative, associative and
 * idempotent, so that replicas which knew different states (after a fail-over or a wipe of the store) come to the same one
 * and no change that was acknowledged is lost to a change of another place.
 */

/** A place: the key, then the entry where entries are changed one by one. */
export type Path = readonly [key: string, entry?: string];

/** What was posted for one place. */
export interface Posted {
  readonly path: Path;
  /** Undefined: taken back. Kept, so that the older value does not come back from a replica that was away. */
  readonly value: unknown;
  /** The state of the document that brought it. */
  readonly version: number;
  readonly id: string;
}

/** One change, for the record. */
export interface ConfigChange {
  readonly version: number;
  readonly id: string;
  /** Unix seconds of the store. */
  readonly timestamp: number;
  readonly by: string;
  /** The changed places in the form of the document, as they were in force. */
  readonly before: Readonly<Record<string, unknown>>;
  /** The same as they are in force since. */
  readonly after: Readonly<Record<string, unknown>>;
}

/** All that was posted. */
export interface PostedState {
  /** By {@link placeOf}. */
  readonly places: ReadonlyMap<string, Posted>;
  /** Oldest first, bounded. */
  readonly changes: readonly ConfigChange[];
}

/** Nothing was posted yet. */
export const nothingPosted: PostedState = { places: new Map(), changes: [] };

/** Places with a value; a change that needs more is refused. */
export const mostPlaces = 500;
/** What was taken back is remembered for so many places; past it the oldest are forgotten. */
const mostTakenBack = 500;
/** Changes that are remembered, and characters that they take together. */
const mostChanges = 50;
const mostChangeCharacters = 128 << 10;

/** The same text for the same place. */
export function placeOf(path: Path): string {
  return JSON.stringify(path);
}

/** Whether one state has something that the other lacks. */
export function hasMore(state: PostedState, than: PostedState): boolean {
  for (const [place, posted] of state.places) {
    const known = than.places.get(place);
    // That something was taken back is no news to one who has no value.
    if (known === undefined ? posted.value !== undefined : isHigher(posted, known)) return true;
  }
  return false;
}

/** All of two states. */
export function merged(one: PostedState, other: PostedState): PostedState {
  const places = new Map(one.places);
  for (const [place, posted] of other.places) {
    const known = places.get(place);
    if (known === undefined || isHigher(posted, known)) places.set(place, posted);
  }
  const changes = new Map(
    [...one.changes, ...other.changes].map((change) => [`${change.version}|${change.id}`, change]),
  );
  return bounded(places, [...changes.values()]);
}

/** A state with values in some places. @param changed undefined takes back */
export function changed(
  state: PostedState,
  values: readonly (readonly [Path, unknown])[],
  change: ConfigChange,
): PostedState {
  const { version, id } = change;
  const places = new Map(state.places);
  for (const [path, value] of values) places.set(placeOf(path), { path, value, version, id });
  return bounded(places, [...state.changes, change]);
}

function bounded(places: Map<string, Posted>, changes: ConfigChange[]): PostedState {
  const takenBack = [...places].filter(([, { value }]) => value === undefined);
  takenBack.sort(([, a], [, b]) => (isHigher(a, b) ? 1 : -1));
  for (const [place] of takenBack.slice(0, -mostTakenBack)) places.delete(place);
  changes.sort((a, b) => (isHigher(a, b) ? 1 : -1));
  let characters = 0;
  let from = changes.length;
  while (from > Math.max(0, changes.length - mostChanges)) {
    characters += JSON.stringify(changes[from - 1]).length;
    if (characters > mostChangeCharacters) break;
    from--;
  }
  return { places, changes: changes.slice(from) };
}

const head = { version: z.int().min(1), id: z.string().max(100) };
const byKey = z.record(z.string(), z.unknown());
const body = z.object({
  places: z
    .array(
      z.object({
        path: z.union([z.tuple([z.string()]), z.tuple([z.string(), z.string()])]),
        value: z.unknown().optional(),
        ...head,
      }),
    )
    .max(10_000),
  changes: z.array(z.object({ ...head, timestamp: z.number(), by: z.string(), before: byKey, after: byKey })).max(1000),
});

/** The body of a document. The same state gives the same text. */
export function encodePosted({ places, changes }: PostedState): string {
  const sorted = [...places]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, posted]) => {
      const { path, value, version, id } = posted;
      return { path, value, version, id };
    });
  return JSON.stringify({ places: sorted, changes });
}

/** What a document's body holds; null for what is none. A later layout takes another name of the document. */
export function decodePosted(text: string): PostedState | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  const { data } = body.safeParse(parsed);
  if (data === undefined) return null;
  const places = data.places.map(({ value, ...posted }): Posted => ({ ...posted, value }));
  return { places: new Map(places.map((posted) => [placeOf(posted.path), posted])), changes: data.changes };
}
