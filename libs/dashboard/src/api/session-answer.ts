/** What GET /session answers: who looks at the page and what he may do. */
export interface SessionAnswer {
  readonly app: string | null;
  readonly version: string;
  readonly principal: string;
  readonly level: 'read' | 'write';
}
