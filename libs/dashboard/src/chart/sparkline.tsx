const width = 100;
const height = 30;

/** A line without axes; where values are unknown it has a hole. Beside the number that it is about, so hidden from screen readers. */
export function Sparkline({ values: given }: { readonly values: readonly (number | null)[] }) {
  // A part that has only just begun has no value yet; the line ends before it.
  const values = given.slice(0, given.findLastIndex((value) => value !== null) + 1);
  const highest = Math.max(...values.map((value) => value ?? 0)) * 1.1 || 1;
  const step = width / Math.max(1, values.length - 1);
  const runs = runsOf(values).map((run) =>
    run.map(({ at, value }) => `${(at * step).toFixed(2)} ${(height - (value / highest) * (height - 1)).toFixed(2)}`),
  );
  const ends = runsOf(values).map((run) => [run[0]!.at * step, run.at(-1)!.at * step] as const);
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      {runs.map((points, at) => (
        <path
          key={`area ${at}`}
          class="area"
          d={`M${ends[at]![0]} ${height}L${points.join('L')}L${ends[at]![1]} ${height}Z`}
        />
      ))}
      {runs.map((points, at) => (
        <path key={`line ${at}`} class="line" d={`M${points.join('L')}`} />
      ))}
    </svg>
  );
}

/** Stretches of values that are known, each at least one long. */
function runsOf(values: readonly (number | null)[]): { at: number; value: number }[][] {
  const runs: { at: number; value: number }[][] = [];
  let last = -2;
  for (const [at, value] of values.entries()) {
    if (value === null) continue;
    if (at === last + 1) runs.at(-1)!.push({ at, value });
    else runs.push([{ at, value }]);
    last = at;
  }
  return runs;
}
