/** What stands where a value is unknown. */
export const dash = '–';

/** A narrow space that does not break a line: between groups of digits, and between a number and its unit. */
export const thin = '\u202f';

/** A text without halves of characters, which can neither be put into an address nor shown. */
export function shownText(text: string): string {
  return text.toWellFormed();
}
