/** Headers of a request, names in lower case, as Node gives them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The one value of a header; repeated ones joined as HTTP allows; undefined when it is missing. */
export function headerOf(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'object' ? value.join(', ') : value;
}

/**
 * Who asks: the address of the connection, or, behind `trustedProxies` proxies that each append to X-Forwarded-For, the
 * one that the outermost of them saw. What a client writes into that header itself stands further left and is not read.
 */
export function clientAddress(
  headers: RequestHeaders,
  remoteAddress: string | undefined,
  trustedProxies: number,
): string {
  const seen = [...(headerOf(headers, 'x-forwarded-for')?.split(',') ?? []), remoteAddress ?? ''];
  const address = seen[Math.max(0, seen.length - 1 - trustedProxies)]!.trim();
  return trustedProxies === 0 ? (remoteAddress ?? '') : address.slice(0, 64);
}

/**
 * How the browser asks: as the connection is, or, behind `trustedProxies` proxies, as the outermost of them noted in
 * X-Forwarded-Proto. Proxies append to that header or replace it; what a client writes stands further left.
 */
export function clientProtocol(
  headers: RequestHeaders,
  isEncrypted: boolean,
  trustedProxies: number,
): 'http' | 'https' {
  const seen = headerOf(headers, 'x-forwarded-proto')?.split(',') ?? [];
  const noted = trustedProxies === 0 ? undefined : seen[Math.max(0, seen.length - trustedProxies)];
  return noted?.trim().toLowerCase() === 'https' || (noted === undefined && isEncrypted) ? 'https' : 'http';
}

/**
 * What counts as one caller: an IPv4 address, or the /64 of an IPv6 address, since a host may choose among all of those.
 */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1]!;
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('%')[0]!.toLowerCase().split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const zeros = address.includes('::') ? Math.max(0, 8 - left.length - right.length) : 0;
  return [...left, ...new Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':');
}

/** Whether an address is this host itself. */
export function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && (/^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address) || address === '::1');
}

/** Whether a host, as in a Host header or URL, is a name of this host itself, whatever DNS says. */
export function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name) || name === 'localhost' || name.endsWith('.localhost');
}
