/** Meaning of a bar's colour; plain where it has none. */
export type Tone = 'plain' | 'good' | 'warn' | 'bad';

/** How full something is. Beside a number that says the same, so hidden from screen readers. */
export function Bar({ percent, tone = 'plain', wide = false }: BarProps) {
  return (
    <span class={`bar ${tone}${wide ? ' wide' : ''}`} aria-hidden="true">
      <i style={{ width: `${Math.min(100, Math.max(0, percent ?? 0))}%` }} />
    </span>
  );
}

interface BarProps {
  readonly percent: number | null;
  readonly tone?: Tone;
  readonly wide?: boolean;
}

/** A part of something whole. */
export interface Share {
  readonly name: string;
  readonly percent: number;
  /** Number of its colour, 1 to 6; 0 for what is left over. */
  readonly color: number;
}

/** What something is made of, side by side; parts that overlap are drawn smaller together, so that the bar stays whole. */
export function ShareBar({ shares, tall = false }: { readonly shares: readonly Share[]; readonly tall?: boolean }) {
  const sum = shares.reduce((total, { percent }) => total + percent, 0);
  const scale = sum > 100 ? 100 / sum : 1;
  return (
    <span class={tall ? 'bar shares tall' : 'bar shares'} aria-hidden="true">
      {shares.map(({ name, percent, color }) => (
        <i key={name} class={`fill-${color}`} style={{ width: `${percent * scale}%` }} title={name} />
      ))}
    </span>
  );
}
