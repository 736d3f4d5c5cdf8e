import { z } from 'zod';

const acknowledgement = z.object({ by: z.string(), why: z.string(), atMs: z.number() });

/** Schema of the document: who took care of which alert, by the alert's id. */
export const acknowledgementsSchema = z.object({ of: z.array(z.tuple([z.string(), acknowledgement])) });

/** See {@link acknowledgementsSchema}. */
export type Acknowledgements = z.output<typeof acknowledgementsSchema>;

/** Past it the oldest go. */
const mostAcknowledgements = 1000;

/** Acknowledgements with one more; a second one for the same alert replaces the first. */
export function acknowledged(
  { of }: Acknowledgements,
  alertId: string,
  given: z.output<typeof acknowledgement>,
): Acknowledgements {
  const others = of.filter(([id]) => id !== alertId);
  return { of: [...others, [alertId, given] satisfies [string, typeof given]].slice(-mostAcknowledgements) };
}
