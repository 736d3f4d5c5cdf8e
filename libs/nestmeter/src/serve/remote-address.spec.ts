import { addressKey, clientAddress, isLoopbackAddress, isLoopbackHost } from './remote-address.js';

describe('clientAddress', () => {
  const headers = { 'x-forwarded-for': '6.6.6.6, 10.0.0.1, 10.0.0.2' };

  it('believes the header only as far as trusted proxies wrote it', () => {
    expect(clientAddress(headers, '10.0.0.3', 0)).toBe('10.0.0.3');
    expect(clientAddress(headers, '10.0.0.3', 1)).toBe('10.0.0.2');
    expect(clientAddress(headers, '10.0.0.3', 2)).toBe('10.0.0.1');
    expect(clientAddress({}, '10.0.0.3', 2)).toBe('10.0.0.3');
    expect(clientAddress({}, undefined, 0)).toBe('');
  });

  it('bounds what a header may say', () => {
    expect(clientAddress({ 'x-forwarded-for': 'x'.repeat(10_000) }, '10.0.0.3', 1)).toHaveLength(64);
  });
});

describe('addressKey', () => {
  it('is the IPv4 address, however it is written, and the /64 of an IPv6 address', () => {
    expect(addressKey('10.1.2.3')).toBe('10.1.2.3');
    expect(addressKey('::ffff:10.1.2.3')).toBe('10.1.2.3');
    expect(addressKey('2001:db8:1:2:aaaa::1')).toBe(addressKey('2001:DB8:1:2:bbbb:1:2:3'));
    expect(addressKey('2001:db8:1:2::1')).not.toBe(addressKey('2001:db8:1:3::1'));
    expect(addressKey('2001:db8::1')).toBe('2001:db8:0:0');
    expect(addressKey('fe80::1%eth0')).toBe('fe80:0:0:0');
    expect(addressKey('::1')).toBe('0:0:0:0');
  });
});

describe('loopback', () => {
  it('is told from other addresses and names', () => {
    for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
      expect([address, isLoopbackAddress(address)]).toEqual([address, true]);
    for (const address of ['10.0.0.1', '::', '1127.0.0.1', '127.0.0.1.evil', '', undefined])
      expect([address, isLoopbackAddress(address)]).toEqual([address, false]);
    for (const host of ['localhost', 'LOCALHOST:3000', 'app.localhost', '127.0.0.1:80', '[::1]:3000'])
      expect([host, isLoopbackHost(host)]).toEqual([host, true]);
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io', 'notlocalhost', '', undefined])
      expect([host, isLoopbackHost(host)]).toEqual([host, false]);
  });
});
