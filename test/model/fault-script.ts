import { Random } from './random.js';

/*
 * Faults as data. Nothing here knows what they are applied to: the model plays a script in simulated time, and a suite
 * with real processes and a real Redis can play the same one.
 */

/** A seat holds one replica at a time. */
export type Seat = number;

/** Something that happens to the fleet, its network or its store. What lasts is ended by an entry of its own. */
export type Fault =
  /** `kill -9`, SIGTERM, and a new process in the seat. */
  | { readonly kind: 'crash' | 'shutdown' | 'start'; readonly seat: Seat }
  /** SIGSTOP and SIGCONT. */
  | { readonly kind: 'pause' | 'resume'; readonly seat: Seat }
  /** A copy of the process goes on beside it in a new seat, with all it remembers (a snapshot of a virtual machine). */
  | { readonly kind: 'copy'; readonly seat: Seat }
  /** No packet passes between the replica and the store until `heal`. */
  | { readonly kind: 'partition' | 'heal'; readonly seat: Seat }
  /** Adds to each way; 0 ends it. */
  | { readonly kind: 'slow'; readonly seat: Seat; readonly ms: number }
  /** A share of the calls of all: loses its reply, is lost, arrives twice, arrives when the caller has given up. 0 ends it. */
  | { readonly kind: 'cut replies' | 'lose requests' | 'repeat requests' | 'delay requests'; readonly share: number }
  /** The store is killed, and comes back with or without its data. */
  | { readonly kind: 'store down' }
  | { readonly kind: 'store up'; readonly isEmpty: boolean }
  /** FLUSHALL. */
  | { readonly kind: 'wipe' }
  /** The store evicts one key of a slot, the one at this share of all of them. */
  | { readonly kind: 'evict'; readonly at: number }
  /** Another node takes over that lacks the last writes; its clock is off by `clockMs` more. */
  | { readonly kind: 'fail over'; readonly losesMs: number; readonly clockMs: number }
  | { readonly kind: 'step store clock' | 'step host clock'; readonly ms: number }
  /** SCRIPT FLUSH. */
  | { readonly kind: 'flush scripts' }
  /** The next time a keeper stands between its read and its write it stays there. */
  | { readonly kind: 'pause keeper'; readonly seat: number; readonly ms: number };

/** A fault and when it happens. */
export interface TimedFault {
  /** Milliseconds after the start of the run. */
  readonly atMs: number;
  readonly fault: Fault;
}

/** How long, how many, how hard. */
export interface FaultPlan {
  readonly seed: number;
  readonly seats: number;
  readonly keepers: number;
  /** Faults begin in the first nine tenths and have all ended at this time. */
  readonly durationMs: number;
  /** How long replicas remember what the store acknowledged (30 minutes in the real protocol). */
  readonly memoryMs: number;
  /** How long slots may be written after their end (25 hours in the real protocol). */
  readonly writeMs: number;
  /** Most faults that overlap or follow each other. */
  readonly episodes: number;
  /** Kinds of episodes to draw from; all when left out. */
  readonly kinds?: readonly EpisodeKind[];
}

type Episode = (plan: FaultPlan, random: Random) => Fault[] | (Fault | number)[];

/** What belongs together: faults with the milliseconds between them. */
const episodes = {
  'crash and start': ({ seats }, random) => {
    const seat = random.below(seats);
    return [{ kind: 'crash', seat }, random.between(500, 20_000), { kind: 'start', seat }];
  },
  'rolling deploy': ({ seats }, random) =>
    Array.from({ length: seats }, (_, seat) => [
      { kind: 'shutdown', seat } as const,
      random.between(4000, 6000),
      { kind: 'start', seat } as const,
      random.between(500, 4000),
    ]).flat(),
  'short life': ({ seats }, random) => {
    const seat = random.below(seats);
    const end = random.chance(0.5) ? 'crash' : 'shutdown';
    return [
      { kind: end, seat },
      random.between(4000, 8000),
      { kind: 'start', seat },
      random.between(1500, 8000),
      { kind: random.chance(0.5) ? 'crash' : 'shutdown', seat },
      random.between(4000, 8000),
      { kind: 'start', seat },
    ];
  },
  pause: ({ seats, memoryMs, writeMs }, random) => {
    const seat = random.below(seats);
    const long = random.chance(0.2) ? 1.1 * writeMs : 0.5 * memoryMs;
    return [{ kind: 'pause', seat }, random.between(1000, long), { kind: 'resume', seat }];
  },
  partition: ({ seats, memoryMs, writeMs }, random) => {
    const seat = random.below(seats);
    const long = random.chance(0.25) ? 1.5 * writeMs : memoryMs;
    const then: (Fault | number)[] = random.chance(0.15)
      ? [{ kind: 'crash', seat }, 500, { kind: 'heal', seat }, 500, { kind: 'start', seat }]
      : [{ kind: 'heal', seat }];
    return [{ kind: 'partition', seat }, random.between(1000, long), ...then];
  },
  slow: ({ seats }, random) => {
    const seat = random.below(seats);
    return [{ kind: 'slow', seat, ms: random.between(50, 700) }, random.between(5000, 40_000), { kind: 'slow', seat, ms: 0 }]; // prettier-ignore
  },
  'bad network': (_, random) => {
    const kind = random.pick(['cut replies', 'lose requests', 'repeat requests', 'delay requests'] as const);
    return [{ kind, share: random.between(0.05, 0.4) }, random.between(5000, 60_000), { kind, share: 0 }];
  },
  outage: ({ memoryMs, writeMs }, random) => {
    const long = random.chance(0.15) ? 1.3 * writeMs : 1.6 * memoryMs;
    return [{ kind: 'store down' }, random.between(1000, long), { kind: 'store up', isEmpty: random.chance(0.4) }];
  },
  wipe: () => [{ kind: 'wipe' }],
  evict: (_, random) => [{ kind: 'evict', at: random.next() }],
  'fail over': ({ memoryMs }, random) => {
    const losesMs = random.chance(0.2) ? random.between(0, 2.5 * memoryMs) : random.between(0, 8000);
    const clockMs = random.chance(0.5) ? random.between(-30_000, 30_000) : random.between(-300, 300);
    return [{ kind: 'store down' }, random.between(200, 4000), { kind: 'fail over', losesMs, clockMs }];
  },
  'clock step': (_, random) => {
    const kind = random.chance(0.8) ? 'step store clock' : 'step host clock';
    return [{ kind, ms: random.between(-40_000, 30_000) }];
  },
  'script flush': () => [{ kind: 'flush scripts' }],
  'keeper pause': ({ keepers, memoryMs }, random) => {
    const ms = random.between(2000, 1.5 * memoryMs);
    const paused: Fault = { kind: 'pause keeper', seat: random.below(keepers), ms };
    return random.chance(0.4) ? [paused, random.between(500, ms), { kind: 'wipe' }] : [paused];
  },
  copy: ({ seats }, random) => [{ kind: 'copy', seat: random.below(seats) }],
} satisfies Record<string, Episode>;

/** A kind of fault together with its end and what tends to come with it. */
export type EpisodeKind = keyof typeof episodes;

/** All kinds of episodes. */
export const episodeKinds = Object.keys(episodes) as EpisodeKind[];

/** The script of a seed: in order of time, and over at `durationMs`. */
export function makeFaultScript(plan: FaultPlan): TimedFault[] {
  const random = new Random(plan.seed);
  const kinds = plan.kinds ?? episodeKinds;
  const script: TimedFault[] = [];
  for (let count = 1 + random.below(plan.episodes); count > 0; count--) {
    let atMs = random.between(5000, 0.9 * plan.durationMs);
    const episode: Episode = episodes[random.pick(kinds)];
    for (const entry of episode(plan, random))
      if (typeof entry === 'number') atMs += entry;
      else script.push({ atMs: Math.round(Math.min(atMs, plan.durationMs)), fault: entry });
  }
  return script.sort((a, b) => a.atMs - b.atMs);
}

/** One line for people: `at 12.3 s: partition seat 1`. */
export function describeFault({ atMs, fault }: TimedFault): string {
  const { kind, ...details } = fault;
  const facts = Object.entries(details).map(([name, value]) => `${name} ${shown(value)}`);
  return [`at ${(atMs / 1000).toFixed(1)} s: ${kind}`, ...facts].join(' ');
}

const shown = (value: unknown): string => String(typeof value === 'number' ? Math.round(value * 100) / 100 : value);
