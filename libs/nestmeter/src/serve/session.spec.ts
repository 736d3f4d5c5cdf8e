import { createHash } from 'node:crypto';
import { digestId, readSession, sessionCookie, setSessionCookie, signSession } from './session.js';

const digestOf = (token: string) => createHash('sha256').update(token).digest();
const [mine, other] = [digestOf('a-token-to-read-with'), digestOf('a-token-to-write-with')];
const untilMs = 1_800_000_000_000;
const value = signSession({ digest: mine, untilMs });

describe('a session', () => {
  it('is read by whoever knows the token that began it', () => {
    expect(readSession(value, [other, mine])).toEqual({ digest: mine, untilMs });
  });

  it('is nothing once its token is gone', () => {
    expect(readSession(value, [other])).toBeNull();
    expect(readSession(value, [])).toBeNull();
  });

  it('holds neither the token nor more than a few digits of its digest', () => {
    expect(value).not.toContain('token');
    expect(value).not.toContain(mine.toString('hex', 0, 5));
    expect(value).not.toContain(mine.toString('base64url'));
  });

  it('cannot be prolonged or given to another token', () => {
    const [id, until, signature] = value.split('.') as [string, string, string];
    const later = (Number.parseInt(until, 36) + 1).toString(36);
    const last = signature.endsWith('A') ? 'E' : 'A';
    for (const forged of [
      `${id}.${later}.${signature}`,
      `${digestId(other)}.${until}.${signature}`,
      `${id}.${until}.${signature.slice(0, -1)}${last}`,
      `${id}.${until}.`,
      `${id}.${until}`,
      `${value}A`,
      ` ${value}`,
      value.toUpperCase(),
      '',
      'x'.repeat(100_000),
    ])
      expect([forged.slice(0, 80), readSession(forged, [mine, other])]).toEqual([forged.slice(0, 80), null]);
  });

  it('is found among other cookies', () => {
    expect(sessionCookie({ cookie: `a=1; nestmeter_session=${value}; b=2` })).toBe(value);
    expect(sessionCookie({ cookie: `nestmeter_session=${value}` })).toBe(value);
    for (const cookie of [
      undefined,
      '',
      'a=1',
      'x_nestmeter_session=1',
      'a=nestmeter_session=1',
      'nestmeter_sessions=1',
    ])
      expect([cookie, sessionCookie({ cookie })]).toEqual([cookie, undefined]);
  });

  it('is set out of reach of scripts and other sites, and over HTTPS only where the browser uses it', () => {
    expect(setSessionCookie('v', 43_200, false)).toBe('nestmeter_session=v; Max-Age=43200; HttpOnly; SameSite=Strict');
    expect(setSessionCookie('', 0, true)).toBe('nestmeter_session=; Max-Age=0; HttpOnly; SameSite=Strict; Secure');
  });
});
