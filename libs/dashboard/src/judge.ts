import type { Answers, Rule } from './api/answers.js';
import { useAnswer } from './api/resource.js';

const noRules: Answers['alerts']['rules'] = [];

/** The rules of alerts, which say from when on a number is bad. Empty until they are known. */
export function useRules(): readonly Rule[] {
  return useAnswer('alerts', {}, 10_000).answer?.rules ?? noRules;
}
