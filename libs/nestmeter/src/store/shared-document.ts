import type { z } from 'zod';
import { NestmeterError } from '../errors.js';
import { type ControlDocument, type DocumentHead, isHigher, isSame, nextHead, type Upkeep } from './upkeep.js';

/** What a {@link SharedDocument} is of. */
export interface SharedDocumentOptions<Body> {
  readonly upkeep: Pick<Upkeep, 'offer' | 'documents'>;
  readonly name: string;
  readonly schema: z.ZodType<Body>;
  /** What is so before anybody wrote. */
  readonly empty: Body;
}

interface Held<Body> {
  readonly document: ControlDocument;
  readonly body: Body;
}

/** A document as it was read: what comes next is made from it, and only replaces it. */
export interface Snapshot<Body> {
  /** Null before anybody wrote. */
  readonly base: DocumentHead | null;
  readonly body: Body;
}

const attempts = 5;

/**
 * A control document as this replica knows it (rule 14). What it knew last is kept, so that a store which lost it gets it
 * back. A document that cannot be read, of another release perhaps, counts as empty and is written over.
 */
export class SharedDocument<Body> {
  #held: Held<Body> | null = null;

  constructor(private readonly options: SharedDocumentOptions<Body>) {}

  /** The body as last seen. */
  get body(): Body {
    return this.#held?.body ?? this.options.empty;
  }

  /**
   * Reads it, and writes back what the store lost.
   *
   * @param token of the lease, null when anybody may write, undefined to write nothing
   */
  async refresh(token: string | null | undefined): Promise<Snapshot<Body>> {
    const { upkeep, name } = this.options;
    const [stored = null] = await upkeep.documents([name]);
    const held = this.#held;
    if (held !== null && (stored === null || isHigher(held.document, stored))) {
      if (token !== undefined) await upkeep.offer(held.document, token);
    } else if (stored !== null) this.#take(stored);
    return { base: this.#held?.document ?? null, body: this.body };
  }

  /**
   * Replaces what was read.
   *
   * @param token of the lease, null when anybody may write
   * @returns what it is then; null when somebody else wrote meanwhile, or holds the lease
   */
  async replace(base: DocumentHead | null, body: Body, token: string | null): Promise<DocumentHead | null> {
    const { upkeep, name } = this.options;
    const document = { name, ...nextHead(base?.version ?? 0), body: JSON.stringify(body) };
    const outcome = await upkeep.offer(document, token, base);
    if (outcome !== 'stored' && outcome !== 'have') return null;
    if (this.#held === null || isHigher(document, this.#held.document)) this.#held = { document, body };
    return document;
  }

  /** Reads, changes and writes, again when somebody else wrote meanwhile. Rejects with NM_STORE_UNREACHABLE. */
  async change(change: (body: Body) => Body): Promise<Body> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { base, body } = await this.refresh(null);
      const changed = change(body);
      if ((await this.replace(base, changed, null)) !== null) return changed;
    }
    throw new NestmeterError({
      code: 'NM_STORE_UNREACHABLE',
      message: `${this.options.name} must be written, got changes of others ${attempts} times. Try again.`,
    });
  }

  #take(document: ControlDocument): void {
    if (this.#held !== null && isSame(document, this.#held.document)) return;
    this.#held = { document, body: this.#read(document.body) };
  }

  #read(text: string): Body {
    try {
      return this.options.schema.parse(JSON.parse(text));
    } catch {
      return this.options.empty;
    }
  }
}
