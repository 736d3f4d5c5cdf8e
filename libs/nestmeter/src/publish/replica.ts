import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/**
 * Rule 1. Who this replica is to others: 96 random bits, drawn when first needed, so that processes resumed from one snapshot
 * differ if they had not measured before.
 */
export class Replica {
  #id: string | null = null;
  readonly host = hostname();
  readonly pid = process.pid;
  /** Name shown beside the id: the option, NESTMETER_REPLICA_NAME, or `<host>:<pid>`. */
  readonly name: string;

  constructor(name?: string) {
    this.name = name ?? `${this.host}:${this.pid}`;
  }

  get id(): string {
    return (this.#id ??= randomBytes(12).toString('hex'));
  }

  /** The one field of each slot that this replica writes in a given life. */
  field(generation: number): string {
    return `r:${this.id}.${generation}`;
  }

  /** Takes another id, since somebody else writes under this one. */
  redraw(): void {
    this.#id = null;
  }
}
