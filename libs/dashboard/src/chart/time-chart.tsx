import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { WindowHead } from '../api/answers.js';
import { nowMs } from '../api/following.js';
import { type Figure, plain } from '../format/figure.js';
import { momentText } from '../format/time.js';
import { go } from '../navigation.js';
import { shownTheme } from '../theme.js';
import { drawMarks, type Mark } from './marks.js';
import { paint } from './paint.js';
import type { Stretch } from './stretch.js';
import { textAlternative } from './text-alternative.js';
import { timeLabels, timeSteps } from './time-axis.js';

/** A line of a chart, or what its bars are stacked from. */
export interface Line {
  readonly label: string;
  /** Its colour: a custom property without its dashes. */
  readonly color: Color;
  /** A soft filled area instead of a line: what is part of the line above it. */
  readonly isArea?: boolean;
  /** One for each part of the window; null where nothing is known, which shows as a hole. */
  readonly values: readonly (number | null)[];
}

/** Colours that charts have. */
export type Color = 'c1' | 'c2' | 'c3' | 'c4' | 'c5' | 'c6';

interface TimeChartProps {
  /** What it shows, for the text alternative. */
  readonly title: string;
  readonly head: Pick<WindowHead, 'window' | 'gaps'>;
  readonly stretches: readonly Stretch[];
  readonly lines: readonly Line[];
  /** Stacked bars instead of lines. */
  readonly isStacked?: boolean;
  readonly format: (value: number) => Figure;
  readonly marks?: readonly Mark[];
}

const height = 190;
const shortestSelection = 60;
const colorNames = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'accent-soft', 'mute', 'faint', 'grid', 'gap'] as const;

/** Numbers over time with a legend and a crosshair; dragging over a stretch looks at that stretch. */
export function TimeChart(props: TimeChartProps) {
  const { title, lines, stretches, format } = props;
  const pointed = useSignal<Pointed | null>(null);
  const alternative = useMemo(
    () => textAlternative({ title, stretches, lines, format, now: nowMs.peek() / 1000 }),
    [title, stretches, lines],
  );
  return (
    <figure class="chart">
      <ul class="legend" aria-hidden="true">
        {lines.map(({ label, color, isArea }) => (
          <li key={label}>
            <i class={isArea ? 'swatch soft' : `swatch fill-${color.slice(1)}`} />
            {label}
          </li>
        ))}
      </ul>
      <div class="chart-box" role="img" aria-label={alternative}>
        <Plot {...props} pointed={pointed} />
        <Tip {...props} pointed={pointed} />
      </div>
    </figure>
  );
}

interface Pointed {
  readonly at: number;
  readonly left: number;
  readonly isRight: boolean;
}

type PlotProps = TimeChartProps & { readonly pointed: Signal<Pointed | null> };

/** The canvas. It is made anew for other colours or other lines, and only given new data otherwise. */
function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const kind = `${shownTheme.value} ${props.isStacked ?? false} ${props.lines.map(({ label, color }) => label + color).join()}`;
  useEffect(() => {
    const element = place.current!;
    const made = new uPlot(optionsOf(latest, element.clientWidth), dataOf(latest.current), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [kind]);
  useEffect(() => {
    plot.current?.setData(dataOf(latest.current));
  }, [props.stretches, props.lines, props.marks]);
  return <div ref={place} class="plot" />;
}

/** What the crosshair points at, as text. */
function Tip({ pointed, lines, stretches, format }: PlotProps) {
  const { value } = pointed;
  const stretch = value === null ? undefined : stretches[value.at];
  if (value === null || stretch === undefined) return null;
  const now = nowMs.peek() / 1000;
  return (
    <div class={value.isRight ? 'tip right' : 'tip'} style={{ left: `${value.left}px` }}>
      <b>
        {momentText(stretch.from, now)} – {momentText(stretch.to, now)}
      </b>
      {lines.map(({ label, color, isArea, values }) => {
        const shown = values[value.at] ?? null;
        return (
          <span key={label}>
            <i class={isArea ? 'swatch soft' : `swatch fill-${color.slice(1)}`} />
            {label}
            <em>{shown === null ? '–' : plain(format(shown))}</em>
          </span>
        );
      })}
    </div>
  );
}

function dataOf({ stretches, lines, isStacked = false }: TimeChartProps): uPlot.AlignedData {
  // The last part is still going on; it stands where it will be, so that bars are equally far from each other.
  const width = partSeconds(stretches);
  const times = stretches.map(({ from }) => from + width / 2);
  if (!isStacked) return [times, ...drawn(lines).map(({ values }) => [...values])];
  // For the same reason the highest pile goes first, the lowest part last.
  const piles = lines.map((_, upTo) => times.map((_time, at) => pile(lines, upTo, at)));
  return [times, ...piles.reverse()];
}

/** Length of a whole part. */
function partSeconds(stretches: readonly Stretch[]): number {
  return Math.max(0, ...stretches.map(({ from, to }) => to - from));
}

/** Areas go behind lines: uPlot draws later series over earlier ones. */
function drawn(lines: readonly Line[]): Line[] {
  return [...lines.filter(({ isArea }) => isArea), ...lines.filter(({ isArea }) => !isArea)];
}

function pile(lines: readonly Line[], upTo: number, at: number): number | null {
  const parts = lines.slice(0, upTo + 1).map(({ values }) => values[at] ?? null);
  return parts.every((part) => part === null) ? null : parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);
}

function optionsOf(latest: { readonly current: PlotProps }, width: number): uPlot.Options {
  const { lines, isStacked = false, pointed } = latest.current;
  const colors = paint(...colorNames);
  const family = getComputedStyle(document.body).fontFamily;
  const font = `11px ${family}`;
  const axis = { stroke: colors.faint, font, ticks: { show: false } };
  const series = (isStacked ? lines.toReversed() : drawn(lines)).map(({ label, color, isArea = false }) =>
    seriesOf(label, colors[color], { isArea, isStacked, soft: colors['accent-soft'] }),
  );
  return {
    width,
    height,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true, range: () => rangeOf(latest.current) },
      y: { range: (_plot, _least, most) => [0, !(most > 0) ? 1 : most * 1.08] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        space: 46,
        incrs: [...timeSteps],
        values: (_plot, splits) => {
          const [from, to] = rangeOf(latest.current);
          return timeLabels(splits, to - from);
        },
      },
      {
        ...axis,
        grid: { stroke: colors.grid, width: 1 },
        size: (_plot, labels) => Math.max(38, ...(labels ?? []).map((label) => label.length * 6.4 + 12)),
        space: 34,
        values: (_plot, splits) => splits.map((split) => latest.current.format(split).text),
      },
    ],
    series: [{}, ...series],
    cursor: {
      y: false,
      sync: { key: 'page' },
      drag: { x: true, y: false, setScale: false },
      points: { show: !isStacked, size: 7 },
    },
    hooks: {
      setCursor: [
        (plot) => {
          const { idx, left = -1 } = plot.cursor;
          pointed.value =
            idx === null || idx === undefined || left < 0
              ? null
              : { at: idx, left: left + plot.bbox.left / devicePixelRatio, isRight: left > plot.over.clientWidth / 2 };
        },
      ],
      setSelect: [select],
      drawClear: [
        (plot) => {
          const { marks = [], head } = latest.current;
          drawMarks(plot, { marks, gaps: head.gaps, colors, font: `${11 * devicePixelRatio}px ${family}` });
        },
      ],
    },
  };
}

function seriesOf(
  label: string,
  color: string,
  { isArea, isStacked, soft }: { readonly isArea: boolean; readonly isStacked: boolean; readonly soft: string },
): uPlot.Series {
  // A value between two unknown ones has no line to either side.
  const points = { size: 5, fill: color, filter: (plot: uPlot, at: number) => lonely(plot.data[at]!) };
  const shared = { label, spanGaps: false };
  if (isStacked)
    return {
      ...shared,
      fill: color,
      width: 0,
      points: { show: false },
      paths: uPlot.paths.bars!({ size: [0.86, 60], gap: 1 }),
    };
  if (isArea) return { ...shared, fill: soft, width: 0, points: { show: false } };
  return { ...shared, stroke: color, width: 1.9, points };
}

function lonely(values: uPlot.AlignedData[number]): number[] {
  return [...values.keys()].filter((at) => values[at] != null && values[at - 1] == null && values[at + 1] == null);
}

function rangeOf({ head: { window }, stretches }: TimeChartProps): [number, number] {
  const end = (stretches.at(-1)?.from ?? window.from) + partSeconds(stretches);
  return [window.from, Math.max(window.to, end)];
}

/** Dragging over a stretch makes it the window of the page. */
function select(plot: uPlot): void {
  const { left, width } = plot.select;
  if (width < 6) return;
  const [from, to] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')].map(Math.round) as [number, number];
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  if (to - from >= shortestSelection) go({ window: { from, to } });
}
