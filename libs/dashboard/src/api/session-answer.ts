/** What GET /session answers: who looks at the page and what he may do. */
export interface SessionAnswer {
  readonly app: string;
  /** Of nestmeter. */
  readonly version: string;
  readonly principal: string;
  readonly level: 'read' | 'write';
  /** Unix seconds; null where something else than the cookie of the page lets in. */
  readonly session_ends: number | null;
}
