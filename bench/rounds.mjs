/*
 * How all benches measure: contenders take turns in rounds, so that whatever else the machine does meets all of them,
 * and medians over the rounds are reported. Ratios are made within each round and their median is taken.
 */

/** The middle of some numbers. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median over the rounds of one contender ÷ another. */
export function medianRatio(ours, theirs) {
  return median(ours.map((figure, round) => figure / theirs[round]));
}

/** Half the distance between the quartiles, as a share of the median: the noise of a figure. */
export function spread(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  return (at(0.75) - at(0.25)) / 2 / median(numbers);
}

/**
 * Lets every contender measure once in each round, in turning order.
 *
 * @param contenders name → an async function that measures once and returns its figure
 * @returns name → figures, one for each round
 */
export async function inRounds(contenders, rounds, onRound = () => {}) {
  const names = Object.keys(contenders);
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length];
      figures[name].push(await contenders[name](round));
    }
    onRound(round + 1, rounds);
  }
  return figures;
}

/**
 * Nanoseconds that one call of each function takes: medians of slices of about 5 ms, short enough that most of them are
 * not interrupted.
 *
 * @param functions name → function called with a running number
 * @returns name → nanoseconds, one for each round
 */
export async function nanosecondsPerCall(functions, rounds) {
  const sliceMs = 5;
  const contenders = {};
  for (const [name, call] of Object.entries(functions)) {
    let count = 1000;
    // Compiled, and known how long it takes, before it counts.
    for (let warm = 0; warm < 40; warm++) count = Math.ceil((count * sliceMs) / timed(call, count)) || 1000;
    contenders[name] = async () => (timed(call, count) * 1e6) / count;
  }
  return inRounds(contenders, rounds);
}

function timed(call, count) {
  const start = performance.now();
  for (let number = 0; number < count; number++) call(number);
  return Math.max(1e-3, performance.now() - start);
}
