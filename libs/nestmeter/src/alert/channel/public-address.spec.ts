import fc from 'fast-check';
import { addressRule, isPublicAddress } from './public-address.js';

describe('an address', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.7',
    '203.0.113.7',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001:db8::1',
    '2001::1',
    '2002:7f00:1::',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::ffff:0:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::7f00:0',
    '64:ff9b:1::1',
    '100::1',
    '',
    'localhost',
    '1.2.3',
  ])('%s is not one of the public internet', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    '1.1.1.1',
    '172.15.0.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '::ffff:1.1.1.1',
    '64:ff9b::808:808',
  ])('%s is one', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it('of IPv4 counts as much when it is written as IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isPublicAddress(`::ffff:${address}`)).toBe(isPublicAddress(address));
        expect(isPublicAddress(`64:ff9b::${address}`)).toBe(isPublicAddress(address));
      }),
    );
  });
});

describe('the address of a channel', () => {
  const strict = { allowPrivate: false };
  const own = { allowPrivate: true };

  it.each([
    'http://hooks.example.com/a',
    'https://127.0.0.1/a',
    'https://127.1/a',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://134744072/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[fd00::1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1:8443/',
    'https://0.0.0.0/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://api.localhost/',
    'https://user:secret@hooks.example.com/',
    'file:///etc/passwd',
    'gopher://hooks.example.com/',
    'ftp://hooks.example.com/',
    'javascript:alert(1)',
    'hooks.example.com',
    '',
  ])('%s is refused', (url) => {
    expect(addressRule(url, strict)).toEqual(expect.any(String));
  });

  it.each([
    'https://hooks.example.com/a?b=c',
    'https://1.1.1.1/',
    'https://1.1.1.1:444/',
    'https://[2606:4700::1111]/',
  ])('%s is taken', (url) => {
    expect(addressRule(url, strict)).toBeNull();
  });

  it('may be of the own network where that is allowed, but never odd', () => {
    for (const url of ['http://127.0.0.1:80/a', 'http://alertmanager:9093', 'https://[::1]/'])
      expect(addressRule(url, own)).toBeNull();
    for (const url of ['http://2130706433/', 'http://127.1/', 'http://user:a@10.0.0.1/', 'ftp://10.0.0.1/'])
      expect(addressRule(url, own)).toEqual(expect.any(String));
  });
});
