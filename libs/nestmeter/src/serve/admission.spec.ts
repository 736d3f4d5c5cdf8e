import { ManualClock } from '../clock.js';
import type { AccessFunction, AccessOptions } from './access.js';
import { Admission, type Caller } from './admission.js';
import type { MonitorView } from './monitor-view.js';
import type { RouteRequest } from './route.js';

const token = 'a-token-to-read-with';
const reading = { access: 'read', origin: 'any' } as const;
const hours = 3_600_000;

let clock: ManualClock;
beforeEach(() => {
  clock = new ManualClock(1_800_000_000_000);
});

function admissionWith(access: AccessOptions | AccessFunction, more: Partial<MonitorView> = {}): Admission {
  const options = typeof access === 'function' ? { read: access } : access;
  const limits = { readsPerMinute: 600, failedLoginsPerMinute: 2, liveClients: 1, bodyBytes: 1024 };
  const view: Partial<MonitorView> = {
    access: options,
    sessionHours: 12,
    limits,
    clock,
    nowMs: () => clock.wallMs(),
    failed: () => {},
    ...more,
  };
  return new Admission(view as MonitorView);
}

const requestWith = (headers: RouteRequest['headers']): RouteRequest => ({
  method: 'GET',
  url: '/performance/providers',
  headers,
  remoteAddress: '198.51.100.1',
  native: null,
  body: async () => '',
});
const admit = (admission: Admission, headers: RouteRequest['headers']): Promise<Caller> =>
  admission.admit(requestWith(headers), '/providers', reading);
const anybody = {
  principal: 'open',
  level: 'read',
  addressKey: '198.51.100.1',
  isSecure: false,
  untilMs: null,
} as const;
const codeOf = (outcome: Promise<Caller>) =>
  outcome.then(
    () => 'admitted',
    (error: { code: string }) => error.code,
  );

describe('a session', () => {
  it('ends after the hours of the option, and needs no store to know that', async () => {
    const admission = admissionWith({ read: token }, { sessionHours: 2 });
    const { session, untilMs } = admission.logIn(token, anybody);
    expect(untilMs).toBe(clock.wallMs() + 2 * hours);
    const cookie = `nestmeter_session=${session}`;
    clock.advance(2 * hours - 1);
    expect(await admit(admission, { cookie })).toMatchObject({ untilMs, level: 'read' });
    clock.advance(1);
    expect(await codeOf(admit(admission, { cookie }))).toBe('NM_UNAUTHORIZED');
  });

  it('that has ended counts as no wrong token, but hides none either', async () => {
    const admission = admissionWith({ read: token });
    const cookie = `nestmeter_session=${admission.logIn(token, anybody).session}`;
    clock.advance(13 * hours);
    for (let request = 0; request < 5; request++)
      expect(await codeOf(admit(admission, { cookie }))).toBe('NM_UNAUTHORIZED');
    const guess = { cookie, authorization: 'Bearer a-token-that-is-wrong' };
    const codes = [1, 2, 3].map(() => codeOf(admit(admission, guess)));
    expect(await Promise.all(codes)).toEqual(['NM_UNAUTHORIZED', 'NM_UNAUTHORIZED', 'NM_RATE_LIMITED']);
  });

  it('ended or not hides no guess at the cookies of the application', async () => {
    const admission = admissionWith({ read: token, write: () => false });
    const session = admission.logIn(token, anybody).session;
    clock.advance(13 * hours);
    const cookie = `nestmeter_session=${session}; user=guess`;
    const codes = [1, 2, 3].map(() => codeOf(admit(admission, { cookie })));
    expect(await Promise.all(codes)).toEqual(['NM_UNAUTHORIZED', 'NM_UNAUTHORIZED', 'NM_RATE_LIMITED']);
  });

  it('is as good as the clock that replicas share, not that of the host', async () => {
    let offsetMs = 0;
    const admission = admissionWith({ read: token }, { nowMs: () => clock.wallMs() + offsetMs });
    const cookie = `nestmeter_session=${admission.logIn(token, anybody).session}`;
    offsetMs = 13 * hours;
    expect(await codeOf(admit(admission, { cookie }))).toBe('NM_UNAUTHORIZED');
  });
});

describe('a log-in', () => {
  it('waits like everybody after too many wrong tokens, by address, until the minute has passed', () => {
    const admission = admissionWith({ read: token });
    const attempt = (text: string, addressKey: string = anybody.addressKey) => {
      try {
        return admission.logIn(text, { ...anybody, addressKey }).principal.slice(0, 5);
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect([attempt('wrong'), attempt('wrong'), attempt('wrong'), attempt(token)]).toEqual([
      'NM_UNAUTHORIZED',
      'NM_UNAUTHORIZED',
      'NM_RATE_LIMITED',
      'NM_RATE_LIMITED',
    ]);
    expect(attempt(token, '198.51.100.2')).toBe('token');
    clock.advance(60_000);
    expect(attempt(token)).toBe('token');
  });

  it('is not to be had where only a function decides', () => {
    const refused = expect.objectContaining({ code: 'NM_LOGIN_ELSEWHERE' });
    expect(() => admissionWith(() => true).logIn(token, anybody)).toThrow(refused);
    expect(() => admissionWith({}).logIn(token, anybody)).toThrow(refused);
  });
});
