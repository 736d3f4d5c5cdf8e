import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { address, adjust } from '../navigation.js';
import { type Order, parseOrder, printOrder, sorted, type SortValue } from './sort.js';

/** A column of a table. */
export interface Column<Row> {
  /** Its name in an address. */
  readonly key: string;
  readonly title: string;
  /** Unit of its numbers, once in the head instead of in each cell. */
  readonly unit?: string;
  /** What it is, on hover. */
  readonly hint?: string;
  readonly isText?: boolean;
  readonly value: (row: Row) => SortValue;
  readonly cell: (row: Row) => ComponentChildren;
}

interface TableProps<Row> {
  /** What it lists, for screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly id: (row: Row) => string;
  /** How it is ordered until the viewer chooses; null for the order of {@link rows}. */
  readonly order: Order | null;
  /** Whether its order is that of the address: of the table that the view is about. */
  readonly isMain?: boolean;
  /** Rows shown at first; the others on demand. */
  readonly most?: number;
  /** Whether the number of rows above {@link most} is shown as a button; a view of their own lists them otherwise. */
  readonly hasMore?: boolean;
}

const mostRows = 100;

/** A table that can be ordered by any column. */
export function Table<Row>({
  caption,
  columns,
  rows,
  id,
  order,
  isMain = false,
  most = mostRows,
  hasMore = true,
}: TableProps<Row>) {
  const [own, setOwn] = useState<Order | null>(null);
  const [isWhole, setWhole] = useState(false);
  const keys = columns.map(({ key }) => key);
  const chosen = (isMain ? parseOrder(address.value.options.sort, keys) : own) ?? order;
  const choose = (next: Order): void => {
    if (isMain) adjust({ sort: printOrder(next) });
    else setOwn(next);
  };
  const by = columns.find(({ key }) => key === chosen?.key);
  const all = by === undefined ? rows : sorted(rows, by.value, chosen!.descending);
  const shown = isWhole ? all : all.slice(0, most);
  return (
    <>
      <div class="wrap">
        <table>
          <caption class="visually-hidden">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <Head key={column.key} column={column} chosen={chosen} onChoose={choose} />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={id(row)}>
                {columns.map((column, at) =>
                  at === 0 ? (
                    <th key={column.key} scope="row" class="text">
                      {column.cell(row)}
                    </th>
                  ) : (
                    <td key={column.key} class={column.isText ? 'text' : undefined}>
                      {column.cell(row)}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {hasMore && shown.length < all.length && (
        <button type="button" class="button more" onClick={() => setWhole(true)}>
          Show all {all.length}
        </button>
      )}
    </>
  );
}

/** Some columns of many, in the order that is asked for. */
export function picked<Row>(columns: readonly Column<Row>[], keys: readonly string[]): Column<Row>[] {
  return keys.flatMap((key) => columns.find((column) => column.key === key) ?? []);
}

interface HeadProps<Row> {
  readonly column: Column<Row>;
  readonly chosen: Order | null;
  readonly onChoose: (order: Order) => void;
}

function Head<Row>({ column: { key, title, unit, hint, isText = false }, chosen, onChoose }: HeadProps<Row>) {
  const isChosen = key === chosen?.key;
  const isDescending = isChosen && chosen.descending;
  const descending = isChosen ? !isDescending : !isText;
  return (
    <th
      scope="col"
      class={isText ? 'text' : undefined}
      aria-sort={isChosen ? (isDescending ? 'descending' : 'ascending') : undefined}
    >
      <button type="button" title={hint} onClick={() => onChoose({ key, descending })}>
        {title}
        {unit !== undefined && <small> {unit}</small>}
        <span class="arrow" aria-hidden="true">
          {isChosen ? (isDescending ? '↓' : '↑') : ''}
        </span>
      </button>
    </th>
  );
}
