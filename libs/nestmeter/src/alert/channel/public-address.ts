import { BlockList, isIP, isIPv4 } from 'node:net';

/*
 * Addresses of the IANA registries for special purposes: this host, private networks, link-local (where clouds keep their
 * metadata), carriers' own, documentation, multicast and what is reserved.
 */
const special4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;
/** All but global unicast, 2000::/3, and of that what stands for addresses of IPv4 or for examples. */
const special6 = [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

// Two lists: in one, an address of IPv4 would also be looked for among those of IPv6, as which it can be written.
const refused4 = new BlockList();
for (const [network, prefix] of special4) refused4.addSubnet(network, prefix, 'ipv4');
const refused6 = new BlockList();
for (const [network, prefix] of special6) refused6.addSubnet(network, prefix, 'ipv6');
/** Networks without IPv4 reach it through these: the last 32 bits are the address that counts. */
const translated = new BlockList();
translated.addSubnet('64:ff9b::', 96, 'ipv6');
translated.addSubnet('::ffff:0:0', 96, 'ipv6');

/** Whether an address is one of the public internet. False for what is no address. */
export function isPublicAddress(address: string): boolean {
  const [plain = ''] = address.split('%');
  const family = isIP(plain);
  if (family === 4) return !refused4.check(plain, 'ipv4');
  if (family !== 6) return false;
  return translated.check(plain, 'ipv6') ? isPublicAddress(lastFour(plain)) : !refused6.check(plain, 'ipv6');
}

/** The last four bytes of an IPv6 address in the notation of IPv4. */
function lastFour(address: string): string {
  // A URL writes every address in one way: the last two groups are there or were zero.
  const { hostname } = new URL(`http://[${address}]/`);
  const [low = 0, high = 0] = hostname
    .slice(1, -1)
    .split(':')
    .reverse()
    .map((group) => Number.parseInt(group || '0', 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/**
 * Says why a text cannot be the address of a channel, completing "must be"; null when it can. What a name resolves to is
 * checked when it is connected to.
 */
export function addressRule(text: string, { allowPrivate }: { readonly allowPrivate: boolean }): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return 'a URL';
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:'))
    return 'an https URL; with allowPrivate it may be http';
  if (url.username !== '' || url.password !== '') return 'a URL without user name and password';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  // 127.1, 2130706433 and 0x7f000001 are all 127.0.0.1: nobody who means well writes it so.
  if (isIPv4(host) && !new RegExp(`^[a-z]+://${host.replaceAll('.', '\\.')}(?:[:/?#]|$)`, 'i').test(text.trim()))
    return 'a URL with an address in its usual form';
  if (allowPrivate) return null;
  const isOwn = /^(?:.+\.)?localhost\.?$/.test(host) || (isIP(host) !== 0 && !isPublicAddress(host));
  return isOwn ? 'a URL with a public address; set allowPrivate for targets in your own network' : null;
}
