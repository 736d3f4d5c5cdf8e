import type { Clock } from '../clock.js';
import type { Receipt } from '../store/store.js';
import type { Upkeep } from '../store/upkeep.js';
import type { AlertThreshold } from './alert-threshold.js';
import { changeable } from './changeable.js';
import { asDocument, held, type InForce, inForce, valueAt } from './in-force.js';
import { type ConfigChange, mostPlaces, nothingPosted, placeOf, type PostedState } from './posted.js';
import { invalidConfig, type OptionRules, readPatch, unchangeable, type Values } from './read-patch.js';
import { type ChangeRequest, type Draft, SharedConfig } from './shared-config.js';

/** What a {@link LiveConfig} is made of. */
export interface LiveConfigOptions<Options extends object> {
  readonly upkeep: Pick<Upkeep, 'offer' | 'documents'>;
  readonly clock: Clock;
  /** Unix milliseconds of the store. */
  readonly storeNowMs: () => number;
  /** Options from code, environment and defaults, which hold where nothing is posted. */
  readonly base: Options;
  readonly rules: OptionRules;
  /** Told what an operator should know, once for each kind. */
  readonly warn: (message: string) => void;
}

/** A change of the configuration as POST /config takes it: names of options in snake_case. */
export type ConfigPatch = Readonly<Record<string, unknown>>;

/** Who changes the configuration in code, and on top of what. */
export interface UpdateConfigOptions {
  /** For the history. Default `application`. */
  readonly by?: string;
  /** The version that it must be of; without it, the newest. */
  readonly ifVersion?: number;
}

/** Longest name of who changes something. */
const longestBy = 128;

/**
 * The options as they are in force: what was posted on any replica, over what this one was given. Parts ask
 * {@link effective} whenever they need an option that can change; it is one frozen object, replaced as a whole.
 */
export class LiveConfig<Options extends object = object> {
  readonly #shared: SharedConfig;
  readonly #listeners: (() => void)[] = [];
  #inForce: InForce<Options>;
  #toldOf = '';

  constructor(private readonly options: LiveConfigOptions<Options>) {
    const { upkeep, clock, storeNowMs, warn, base, rules } = options;
    this.#shared = new SharedConfig({ upkeep, clock, storeNowMs, warn, onChange: () => this.#apply() });
    this.#inForce = inForce(base, nothingPosted, rules);
  }

  /** All options as they are in force. */
  get effective(): Options {
    return this.#inForce.options;
  }

  /** Thresholds that were posted, oldest first: each replaces a rule or adds one. */
  get alertThresholds(): readonly AlertThreshold[] {
    return this.#inForce.alertThresholds;
  }

  /** Rises with each change that is posted; 0 before the first. */
  get version(): number {
    return this.#shared.version;
  }

  /** Everything posted, as a document that could be posted again. */
  get posted(): Readonly<Record<string, unknown>> {
    return asDocument(held(this.#shared.state).map(({ path, value }) => [path, value]));
  }

  /** Changes, newest first; the last 50, fewer when they are long. */
  get history(): readonly ConfigChange[] {
    return this.#shared.state.changes.toReversed();
  }

  /** Looks at the store from now on. */
  start(): void {
    this.#shared.start();
  }

  /** Ends that. */
  stop(): void {
    this.#shared.stop();
  }

  /** Has a function called after each change, whoever made it. It must not throw. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Takes in what the store has of documents, as each publish is told. */
  learn(documents: Receipt['documents']): void {
    this.#shared.learn(documents);
  }

  /** Asks the store for what is newer. Never rejects. */
  refresh(): Promise<void> {
    return this.#shared.refresh();
  }

  /**
   * Changes options on all replicas, until they are taken back. Wholly or not at all.
   *
   * @param patch a document in snake_case: objects merge by key, lists replace, thresholds replace those of the same meaning
   * @returns once the store has it. Rejects with NM_CONFIG_INVALID, which names every wrong field, NM_CONFIG_CONFLICT, or
   *   NM_STORE_UNREACHABLE: then nothing is applied here, and whether the store took it may be unknown
   */
  async update(patch: unknown, request: ChangeRequest): Promise<void> {
    const values = readPatch(patch, this.options.rules);
    await this.#change(() => values, request);
  }

  /** Takes back everything posted for a key, so that the value from code holds again. Rejects as {@link update} does. */
  async remove(key: string, request: ChangeRequest): Promise<void> {
    if (!changeable.has(key)) throw invalidConfig([unchangeable(key, this.options.rules)]);
    const values = (state: PostedState): Values =>
      held(state).flatMap(({ path }) => (path[0] === key ? [[path, undefined] as const] : []));
    await this.#change(values, request);
  }

  #change(valuesFor: (state: PostedState) => Values, { by, ifVersions }: ChangeRequest): Promise<void> {
    const { base } = this.options;
    const draft = (state: PostedState): Draft => {
      const values = valuesFor(state).filter(([path, value]) => {
        const now = state.places.get(placeOf(path))?.value;
        return JSON.stringify(now) !== JSON.stringify(value);
      });
      const places = new Map(state.places);
      for (const [path, value] of values) places.set(placeOf(path), { path, value, version: 0, id: '' });
      const next = { ...state, places };
      const count = held(next).length;
      if (count > mostPlaces && values.length > 0)
        throw invalidConfig([{ path: 'configuration', rule: `at most ${mostPlaces} posted values`, got: count }]);
      const document = (of: PostedState) => asDocument(values.map(([path]) => [path, valueAt(base, of, path)]));
      return { values, before: document(state), after: document(next) };
    };
    return this.#shared.change(draft, { by: by.slice(0, longestBy), ifVersions });
  }

  #apply(): void {
    const { base, rules, warn } = this.options;
    this.#inForce = inForce(base, this.#shared.state, rules);
    const { ignored } = this.#inForce;
    const isTold = ignored.join() === this.#toldOf;
    this.#toldOf = ignored.join();
    if (ignored.length > 0 && !isTold)
      warn(`Posted values that this release does not take are not applied here: ${ignored.slice(0, 5).join(', ')}.`);
    for (const listener of this.#listeners) listener();
  }
}
