/** Characters of a message that are kept. */
export const longestMessage = 200;

/** Longer messages are read this far, so that a hostile one costs nothing. */
const longestRead = 2000;

/** What may be a secret or a person, each with what stands in its place. */
const scrubs: readonly (readonly [RegExp, string])[] = [
  [/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>]+/gi, '[url]'],
  [/\b(?:bearer|basic|token)[ :=]+[^\s"',;]+/gi, '[credential]'],
  [/\b(?:api[-_ ]?key|secret|password|authorization)["']?[ :=]+["']?[^\s"',;]+/gi, '[credential]'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[token]'],
  [/\b(?:sk|pk|rk|gsk|xai|key|csk|ghp|xox[abp])[-_][\w*-]{6,}/gi, '[key]'],
  [/\b(?:AKIA|ASIA|AIza)[\w-]{12,}/g, '[key]'],
  [/[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}/g, '[email]'],
  [/\b(?:\d[ -]?){13,19}\b/g, '[number]'],
  // Quoted text is what people wrote more often than what a provider says.
  [/"[^"]{40,}"|'[^']{40,}'|`[^`]{40,}`/g, '[text]'],
];

/** An id if it has a digit, which is asked afterwards: to look ahead from each letter takes milliseconds over hostile text. */
const longWord = /[\w+/=-]{24,}/g;

/**
 * The message of an error as far as it may be kept: on one line, without what looks like keys, tokens, addresses, numbers
 * of cards, URLs, ids or long quotations, at most {@link longestMessage} characters. A filter by shape: it cannot know
 * every secret, which is why messages are kept only where the option `errors.messages` asks for them.
 */
export function scrubMessage(message: string): string {
  let text = message.slice(0, longestRead).replaceAll(/[\s\p{C}]+/gu, ' ');
  for (const [pattern, stand] of scrubs) text = text.replaceAll(pattern, stand);
  text = text.replaceAll(longWord, (word) => (/\d/.test(word) ? '[id]' : word));
  text = text.trim();
  return text.length <= longestMessage ? text : `${text.slice(0, longestMessage - 1).toWellFormed()}…`;
}
