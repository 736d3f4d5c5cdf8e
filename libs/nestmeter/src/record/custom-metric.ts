import type { AnyFamily } from '../accumulate/family.js';
import { customFamily } from '../accumulate/custom-family.js';
import { NestmeterError, shown } from '../errors.js';
import type { Recorder } from './recorder.js';
import { isAmount, isCount } from './refusals.js';

/** What a custom metric is about. */
export interface CustomMetricOptions {
  /** Names of its labels, at most eight. Values come with each record and are capped per metric. */
  readonly labels?: readonly string[] | undefined;
  /** Such as `ms`, `bytes`, `tokens`, `documents`. Default `1`. */
  readonly unit?: string | undefined;
  /** What it counts, as one sentence. */
  readonly help?: string | undefined;
}

/** Label values by label name; missing ones read `unknown`. */
export type LabelValues = Readonly<Record<string, string | number | boolean>>;

/** A custom count that only adds up. */
export interface CounterHandle {
  /** @param by a whole number, not negative; default 1 */
  add(by?: number, labels?: LabelValues): void;
}

/** A custom level; levels of replicas add up. */
export interface GaugeHandle {
  /** @param value finite and not negative; holds until the next one */
  set(value: number, labels?: LabelValues): void;
}

/** A custom distribution, with the same quantiles as everything else. */
export interface DistributionHandle {
  /** @param value finite and not negative, in the metric's unit */
  record(value: number, labels?: LabelValues): void;
}

/** Custom metrics that one monitor may have. */
const mostMetrics = 64;
const mostLabels = 8;
const nameRule = /^[a-zA-Z][a-zA-Z0-9_.]{0,99}$/;

/** The custom metrics of one monitor, by name. */
export class CustomMetrics {
  readonly #families = new Map<string, { kind: string; family: AnyFamily }>();

  constructor(private readonly recorder: Recorder) {}

  /** Declares a counter, or finds it again. Throws NM_NAME_INVALID for a name or label that cannot be used. */
  counter(name: string, options: CustomMetricOptions = {}): CounterHandle {
    const { recorder, series } = this.#declare('counter', name, options);
    return {
      add: (by = 1, labels = {}) => {
        if (!isCount(by)) return recorder.refusals.refuse(`${name}.add`, 'a whole number, not negative');
        recorder.guard(name, () => series(labels).open(recorder.now()).count(0, by));
      },
    };
  }

  /** Declares a gauge, or finds it again. Throws NM_NAME_INVALID for a name or label that cannot be used. */
  gauge(name: string, options: CustomMetricOptions = {}): GaugeHandle {
    const { recorder, series } = this.#declare('gauge', name, options);
    return {
      set: (value, labels = {}) => {
        if (!isAmount(value)) return recorder.refusals.refuse(`${name}.set`, 'a finite number, not negative');
        recorder.guard(name, () => series(labels).setLevel(0, value, recorder.now()));
      },
    };
  }

  /** Declares a distribution, or finds it again. Throws NM_NAME_INVALID for a name or label that cannot be used. */
  distribution(name: string, options: CustomMetricOptions = {}): DistributionHandle {
    const { recorder, series } = this.#declare('distribution', name, options);
    return {
      record: (value, labels = {}) => {
        if (!isAmount(value)) return recorder.refusals.refuse(`${name}.record`, 'a finite number, not negative');
        recorder.guard(name, () => series(labels).open(recorder.now()).record(0, value));
      },
    };
  }

  #declare(kind: 'counter' | 'gauge' | 'distribution', name: string, options: CustomMetricOptions) {
    const { labels = [], unit = '1', help = `Custom ${kind}` } = options;
    let known = this.#families.get(name);
    if (known === undefined) {
      this.#check(name, labels);
      known = { kind, family: customFamily(kind, name, { labels, unit, help }) };
      this.#families.set(name, known);
    } else if (known.kind !== kind)
      throw invalidName(`Metric ${name}`, `declared as one kind only, got ${kind} after ${known.kind}`);
    else if (options.labels !== undefined && !sameNames(labels, known.family))
      throw invalidName(`Labels of metric ${name}`, `the same each time, got ${shown(labels)}`);
    const { family } = known;
    const series = (values: LabelValues) =>
      this.recorder.series(
        family,
        ...family.labels.map((label) => (Object.hasOwn(values, label.name) ? values[label.name] : undefined)),
      );
    return { recorder: this.recorder, series };
  }

  #check(name: string, labels: readonly string[]): void {
    if (typeof name !== 'string' || !nameRule.test(name))
      throw invalidName('Name of a metric', `a letter, then at most 99 letters, digits, _ or ., got ${shown(name)}`);
    for (const label of labels)
      if (typeof label !== 'string' || !nameRule.test(label))
        throw invalidName(`Label of metric ${name}`, `a letter, then letters, digits, _ or ., got ${shown(label)}`);
    if (labels.length > mostLabels || new Set(labels).size < labels.length)
      throw invalidName(`Labels of metric ${name}`, `at most ${mostLabels} different ones, got ${labels.length}`);
    if (this.#families.size >= mostMetrics)
      throw invalidName('Custom metrics', `at most ${mostMetrics} per monitor, got one more with ${shown(name)}`);
  }
}

function sameNames(names: readonly string[], { labels }: AnyFamily): boolean {
  return names.length === labels.length && labels.every(({ name }, index) => name === names[index]);
}

function invalidName(what: string, rule: string): NestmeterError {
  return new NestmeterError({ code: 'NM_NAME_INVALID', message: `${what} must be ${rule}. Choose another.` });
}
