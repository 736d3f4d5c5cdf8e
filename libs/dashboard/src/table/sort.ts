/** What rows are ordered by; null is unknown. */
export type SortValue = number | bigint | string | null | undefined;

/** The order of a table: a column and whether its largest come first. */
export interface Order {
  readonly key: string;
  readonly descending: boolean;
}

/** Reads an order as it stands in an address: `p95`, or `-p95` with the largest first. Null for an unknown column. */
export function parseOrder(text: string | undefined, keys: readonly string[]): Order | null {
  const descending = text?.startsWith('-') ?? false;
  const key = descending ? text!.slice(1) : (text ?? '');
  return keys.includes(key) ? { key, descending } : null;
}

/** Writes an order as {@link parseOrder} reads it. */
export function printOrder({ key, descending }: Order): string {
  return descending ? `-${key}` : key;
}

/** Rows in an order; equal ones stay as they were, unknown values come last either way. Leaves its argument alone. */
export function sorted<Row>(rows: readonly Row[], value: (row: Row) => SortValue, descending: boolean): Row[] {
  return rows
    .map((row) => ({ row, by: value(row) ?? null }))
    .sort((a, b) => {
      if (a.by === null || b.by === null) return Number(a.by === null) - Number(b.by === null);
      const ascending = compared(a.by, b.by);
      return descending ? -ascending : ascending;
    })
    .map(({ row }) => row);
}

function compared(a: NonNullable<SortValue>, b: NonNullable<SortValue>): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : Number(a > b);
  return a < b ? -1 : Number(a > b);
}
