/** Path patterns: text in which `*` stands for anything, or regular expressions. */
export type PathPattern = string | RegExp;

/** Probes of orchestrators: `/health`, `/healthz`, `/health/live` …, not an endpoint that only begins so. */
const probes = [/^\/health(z|check|[-_]check)?(\/|$)/i, /^\/(livez|readyz)(\/|$)/i];
const probeAgent = /^kube-probe\//;

/**
 * A function that says whether a request is left out of endpoint timing.
 *
 * @param own paths of the toolkit itself, with all below them
 */
export function exclusion(
  patterns: readonly PathPattern[],
  { probesToo, own }: { probesToo: boolean; own: readonly string[] },
): (path: string, userAgent: string | undefined) => boolean {
  const expressions = [...(probesToo ? probes : []), ...patterns.map(expressionOf)];
  return (path, userAgent) =>
    own.some((prefix) => path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/')) ||
    (probesToo && userAgent !== undefined && probeAgent.test(userAgent)) ||
    expressions.some((expression) => expression.test(path));
}

function expressionOf(pattern: PathPattern): RegExp {
  // A sticky or global expression remembers where it stopped.
  if (pattern instanceof RegExp) return new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''));
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
