/*
 * Gives the browser a language that exists, where it has none: one that runs under the locale POSIX calls it
 * `en-US@posix`, at which uPlot throws as soon as it is loaded, so that nothing of the page was shown.
 */

function isKnown(language: string): boolean {
  try {
    return Intl.getCanonicalLocales(language).length > 0;
  } catch {
    return false;
  }
}

if (!isKnown(navigator.language)) Object.defineProperty(navigator, 'language', { value: 'en-GB' });
