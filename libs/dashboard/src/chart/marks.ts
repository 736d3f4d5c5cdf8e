import type uPlot from 'uplot';

/** A moment worth pointing out, such as an alert that fired. */
export interface Mark {
  readonly time: number;
  readonly label: string;
}

interface Marking {
  readonly marks: readonly Mark[];
  /** Times for which numbers are known to be missing. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
  readonly colors: Readonly<Record<'mute' | 'gap', string>>;
  readonly font: string;
}

const mostLabels = 4;

/** Draws what happened behind and over the lines of a chart: gaps as grey stretches, marks as dashed lines with a label. */
export function drawMarks(plot: uPlot, { marks, gaps, colors, font }: Marking): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const at = (time: number): number => plot.valToPos(time, 'x', true);
  const within = (x: number): number => Math.min(bbox.left + bbox.width, Math.max(bbox.left, x));
  ctx.save();
  ctx.fillStyle = colors.gap;
  for (const { from, to } of gaps) {
    const [left, right] = [within(at(from)), within(at(to))];
    if (right > left) ctx.fillRect(left, bbox.top, Math.max(right - left, ratio), bbox.height);
  }
  ctx.strokeStyle = colors.mute;
  ctx.fillStyle = colors.mute;
  ctx.lineWidth = ratio;
  ctx.font = font;
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  let free = bbox.left;
  let labels = 0;
  for (const { time, label } of marks) {
    const x = Math.round(at(time));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const width = ctx.measureText(label).width;
    const fitsRight = x + 5 * ratio + width <= bbox.left + bbox.width;
    const left = fitsRight ? x + 5 * ratio : x - 5 * ratio - width;
    if (left < free || labels >= mostLabels) continue;
    ctx.fillText(label, left, bbox.top + 2 * ratio);
    free = left + width + 8 * ratio;
    labels += 1;
  }
  ctx.restore();
}
