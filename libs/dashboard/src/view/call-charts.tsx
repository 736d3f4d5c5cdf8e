import { useMemo } from 'preact/hooks';
import type { Answers, Provider } from '../api/answers.js';
import { entryOf, ratesOf, valuesOf } from '../chart/stretch.js';
import { type Color, type Line, TimeChart } from '../chart/time-chart.js';
import { milliseconds } from '../format/duration.js';
import { decimal } from '../format/number.js';
import { Card, type Span } from '../part/card.js';
import { type Calls, modelCalls, providerCalls } from './call-columns.js';

type Answer = Answers['providers'];
type Part = NonNullable<Answer['series']>[number];

/** Colours of charts in the order in which they are given to names. */
export const chartColors: readonly Color[] = ['c1', 'c2', 'c3', 'c4', 'c5'];
const noParts: readonly never[] = [];
const perMinuteFigure = (value: number) => decimal(value);

interface ChartProps {
  readonly answer: Answer;
}

/** The names that have a line of their own: the first ones, of most calls. */
function largest(answer: Answer): string[] {
  return Object.keys(answer.providers).slice(0, chartColors.length);
}

function providerIn({ providers }: Pick<Answer, 'providers'>, name: string): Provider | null {
  return Object.hasOwn(providers, name) ? providers[name]! : null;
}

/** Calls over time, each provider for itself. */
export function CallsChart({ answer }: ChartProps) {
  const lines = useMemo<Line[]>(
    () =>
      largest(answer).map((name, at) => ({
        label: name,
        color: chartColors[at]!,
        values: ratesOf(answer.series, answer, (part) => countIn(part, { provider: name }, ({ calls }) => calls)),
      })),
    [answer],
  );
  return (
    <Card title="Calls" hint="per minute" span="half">
      <TimeChart
        title="Calls per minute"
        head={answer}
        stretches={answer.series ?? noParts}
        lines={lines}
        isStacked
        format={perMinuteFigure}
      />
    </Card>
  );
}

/** 95th percentile over time, each provider for itself. */
export function CallLatencyChart({ answer }: ChartProps) {
  const lines = useMemo<Line[]>(
    () =>
      largest(answer).map((name, at) => ({
        label: name,
        color: chartColors[at]!,
        values: valuesOf(answer.series, answer, (part) => providerIn(part, name)?.p95_response_time_ms ?? null),
      })),
    [answer],
  );
  return (
    <Card title="Latency" hint="p95, ms" span="half">
      <TimeChart
        title="95th percentile of calls"
        head={answer}
        stretches={answer.series ?? noParts}
        lines={lines}
        format={milliseconds}
      />
    </Card>
  );
}

/** Of which calls a chart is: of a provider, or of one model of it. */
export interface CallsOf {
  readonly provider: string;
  readonly model?: string;
}

/** What a part of a window, or the whole of it, tells of some calls; null where there were none or they are not told apart. */
export function callsIn(part: Pick<Answer, 'providers'> | Part, { provider: name, model }: CallsOf): Calls | null {
  const provider = providerIn(part, name);
  if (provider === null || model === undefined) return provider === null ? null : providerCalls(provider);
  return Object.hasOwn(provider.model_stats, model) ? modelCalls(provider.model_stats[model]!) : null;
}

/** How many of some calls a part counted; null where it does not tell them apart from others. */
function countIn(part: Part, of: CallsOf, many: (calls: Calls) => number): number | null {
  const provider = entryOf(part.providers, of.provider, 0);
  if (provider === null || provider === 0) return provider;
  if (of.model === undefined) return many(providerCalls(provider));
  const model = entryOf(provider.model_stats, of.model, 0);
  return model === null || model === 0 ? model : many(modelCalls(model));
}

/** Calls of a provider or model over time: those that succeeded and those that did not. */
export function OutcomeChart({ answer, of }: { readonly answer: Answer; readonly of: CallsOf }) {
  const lines = useMemo<Line[]>(() => {
    const values = (many: (calls: Calls) => number) =>
      ratesOf(answer.series, answer, (part) => countIn(part, of, many));
    return [
      { label: 'not failed', color: 'c2', values: values((calls) => calls.calls - failures(calls)) },
      { label: 'failed', color: 'c5', values: values(failures) },
    ];
  }, [answer, of.provider, of.model]);
  return (
    <Card title="Calls" hint="per minute" span="half">
      <TimeChart
        title="Calls per minute"
        head={answer}
        stretches={answer.series ?? noParts}
        lines={lines}
        isStacked
        format={perMinuteFigure}
      />
    </Card>
  );
}

function failures({ shared: { errors } }: Calls): number {
  return Object.values(errors).reduce((sum, many) => sum + many, 0);
}

/** Latency of a provider or model over time, with the time to the first token. */
export function FirstTokenChart({ answer, of }: { readonly answer: Answer; readonly of: CallsOf }) {
  const lines = useMemo<Line[]>(() => {
    const values = (value: (calls: Calls) => number | null) =>
      valuesOf(answer.series, answer, (part) => {
        const calls = callsIn(part, of);
        return calls === null ? null : value(calls);
      });
    return [
      { label: 'average', color: 'c1', values: values(({ averageMs }) => averageMs) },
      { label: 'p95', color: 'c4', values: values(({ p95Ms }) => p95Ms) },
      { label: 'p99', color: 'c5', values: values(({ p99Ms }) => p99Ms) },
      { label: 'first token, median', color: 'c3', values: values(({ shared }) => shared.time_to_first_token.p50_ms) },
    ];
  }, [answer, of.provider, of.model]);
  return (
    <Card title="Latency" hint="ms" span="half">
      <TimeChart
        title="Latency of calls"
        head={answer}
        stretches={answer.series ?? noParts}
        lines={lines}
        format={milliseconds}
      />
    </Card>
  );
}

interface TokenRateProps {
  readonly answer: Answer;
  readonly of: CallsOf;
  readonly span: Span;
}

/** How fast answers are written, over time. */
export function TokenRateChart({ answer, of, span }: TokenRateProps) {
  const lines = useMemo<Line[]>(
    () => [
      {
        label: 'median',
        color: 'c2',
        values: valuesOf(
          answer.series,
          answer,
          (part) => callsIn(part, of)?.shared.output_rate.p50_tokens_per_second ?? null,
        ),
      },
    ],
    [answer, of.provider, of.model],
  );
  return (
    <Card title="Output rate" hint="tokens per second after the first, streams" span={span}>
      <TimeChart
        title="Output tokens per second"
        head={answer}
        stretches={answer.series ?? noParts}
        lines={lines}
        format={perMinuteFigure}
      />
    </Card>
  );
}
