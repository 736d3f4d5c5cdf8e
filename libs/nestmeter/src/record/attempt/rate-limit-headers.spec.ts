import fc from 'fast-check';
import { readRateLimitHeaders } from './rate-limit-headers.js';

const nowMs = Date.UTC(2026, 10, 22, 12, 0, 0);

/** Headers as undici has them before it parses them. */
function raw(headers: Readonly<Record<string, string>>): Buffer[] {
  return Object.entries(headers).flat().map((text) => Buffer.from(text, 'latin1')); // prettier-ignore
}

/** What headers tell: by kind limit, remaining and seconds until the reset. */
function read(
  headers: Readonly<Record<string, string>>,
): Record<string, [number | null, number | null, number | null]> {
  const { limits } = readRateLimitHeaders(raw({ date: 'x', 'content-type': 'application/json', ...headers }), nowMs);
  return Object.fromEntries(
    limits.map(({ kind, limit, remaining, resetSeconds }) => [kind, [limit, remaining, resetSeconds]]),
  );
}

describe('readRateLimitHeaders', () => {
  it.each<[string, Record<string, string>, Record<string, [number | null, number | null, number | null]>]>([
    [
      'OpenAI, with Go durations and a limit of the project',
      {
        'x-ratelimit-limit-requests': '5000',
        'x-ratelimit-remaining-requests': '4999',
        'x-ratelimit-reset-requests': '12ms',
        'x-ratelimit-limit-tokens': '160000',
        'x-ratelimit-remaining-tokens': '159976',
        'x-ratelimit-reset-tokens': '6m0s',
        'x-ratelimit-limit-project-tokens': '40000',
        'x-ratelimit-remaining-project-tokens': '39000',
        'x-ratelimit-reset-project-tokens': '1h2m3.5s',
      },
      { requests: [5000, 4999, 0.012], tokens: [160_000, 159_976, 360], project_tokens: [40_000, 39_000, 3723.5] },
    ],
    [
      'Azure, with whole seconds, and -1 where it does not know',
      {
        'x-ratelimit-limit-requests': '600',
        'x-ratelimit-remaining-requests': '599',
        'x-ratelimit-reset-requests': '10',
        'x-ratelimit-limit-tokens': '-1',
        'x-ratelimit-remaining-tokens': '-1',
        'x-ratelimit-reset-tokens': '0',
      },
      { requests: [600, 599, 10] },
    ],
    [
      'Anthropic, with the kind first and points in time',
      {
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '49',
        'anthropic-ratelimit-requests-reset': '2026-11-22T12:00:30Z',
        'anthropic-ratelimit-input-tokens-limit': '40000',
        'anthropic-ratelimit-input-tokens-remaining': '38000',
        'anthropic-ratelimit-input-tokens-reset': '2026-11-22T11:59:59Z',
        'anthropic-ratelimit-output-tokens-remaining': '8000',
        'anthropic-priority-input-tokens-limit': '10000',
      },
      {
        requests: [50, 49, 30],
        input_tokens: [40_000, 38_000, 0],
        output_tokens: [null, 8000, null],
        priority_input_tokens: [10_000, null, null],
      },
    ],
    [
      'Groq, with Go durations',
      {
        'x-ratelimit-limit-requests': '14400',
        'x-ratelimit-remaining-requests': '14370',
        'x-ratelimit-reset-requests': '2m59.56s',
        'x-ratelimit-limit-tokens': '18000',
        'x-ratelimit-remaining-tokens': '17997',
        'x-ratelimit-reset-tokens': '7.66s',
      },
      { requests: [14_400, 14_370, 179.56], tokens: [18_000, 17_997, 7.66] },
    ],
    [
      'Cerebras, with fractions of seconds',
      {
        'x-ratelimit-limit-requests-day': '14400',
        'x-ratelimit-remaining-requests-day': '14399',
        'x-ratelimit-reset-requests-day': '33011.382867',
        'x-ratelimit-limit-tokens-minute': '60000',
        'x-ratelimit-remaining-tokens-minute': '59000',
        'x-ratelimit-reset-tokens-minute': '11.38',
      },
      { requests_day: [14_400, 14_399, 33_011.382867], tokens_minute: [60_000, 59_000, 11.38] },
    ],
    [
      'Mistral, without resets',
      {
        'x-ratelimit-limit-req-minute': '60',
        'x-ratelimit-remaining-req-minute': '59',
        'x-ratelimit-limit-tokens-month': '4000000',
        'x-ratelimit-remaining-tokens-month': '3950246',
        'x-ratelimit-tokens-query-cost': '11',
      },
      { requests_minute: [60, 59, null], tokens_month: [4_000_000, 3_950_246, null] },
    ],
    [
      'Mistral as it was, by size',
      { 'x-ratelimitbysize-limit-minute': '500000', 'x-ratelimitbysize-remaining-minute': '499996' },
      { tokens_minute: [500_000, 499_996, null] },
    ],
    [
      'Cohere for trials',
      { 'x-trial-endpoint-call-limit': '20', 'x-trial-endpoint-call-remaining': '19' },
      { trial_requests: [20, 19, null] },
    ],
    [
      'Together',
      { 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '9', 'x-tokenlimit-limit': '3000' },
      { requests: [10, 9, null], tokens: [3000, null, null] },
    ],
    [
      'the IETF draft, with policies',
      { 'RateLimit-Limit': '100, 100;w=60', 'RateLimit-Remaining': '99', 'RateLimit-Reset': '50' },
      { requests: [100, 99, 50] },
    ],
    [
      'gateways, with Unix seconds and milliseconds',
      {
        'x-ratelimit-limit-requests': '10',
        'x-ratelimit-reset-requests': String(nowMs / 1000 + 90),
        'x-ratelimit-limit-tokens': '10',
        'x-ratelimit-reset-tokens': String(nowMs + 1500),
      },
      { requests: [10, null, 90], tokens: [10, null, 1.5] },
    ],
  ])('reads those of %s', (_, headers, expected) => {
    expect(read(headers)).toEqual(expected);
  });

  it('reads those of node:http, which are text', () => {
    const { limits } = readRateLimitHeaders(['X-RateLimit-Limit-Requests', '7', 'odd'], nowMs);
    expect(limits).toEqual([{ kind: 'requests', limit: 7, remaining: null, resetSeconds: null }]);
  });

  it.each([
    [{ 'retry-after-ms': '250', 'x-ms-retry-after-ms': '1', 'retry-after': '9' }, 0.25],
    [{ 'x-ms-retry-after-ms': '1500', 'retry-after': '9' }, 1.5],
    [{ 'retry-after-ms': 'soon', 'retry-after': '9' }, 9],
    [{ 'Retry-After': '0.5' }, 0.5],
    [{ 'retry-after': 'Sun, 22 Nov 2026 12:01:00 GMT' }, 60],
    [{ 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, null],
    [{ 'retry-after': '0' }, null],
    [{ 'retry-after': '-3' }, null],
    [{ 'retry-after': '1e400' }, null],
    [{ 'retry-after': '99999999999999' }, null],
    [{}, null],
  ])('takes the wait that SDKs take: %j', (headers, seconds) => {
    expect(readRateLimitHeaders(raw(headers), nowMs).retryAfterSeconds).toBe(seconds);
  });

  it.each(['', ' ', 'NaN', '-5', '1e9', '0x10', '9'.repeat(30), '1'.repeat(10_000), 'twelve'])(
    'does not take %j for a limit',
    (value) => {
      expect(read({ 'x-ratelimit-limit-tokens': value, 'x-ratelimit-remaining-tokens': value })).toEqual({});
    },
  );

  it.each(['', 'soon', '-1', '5w', 'm', '1m '.repeat(40), '2026', '9'.repeat(40), '9999h59m', 'Infinity'])(
    'knows no reset from %j, or a bounded one',
    (value) => {
      const [, , seconds] = read({ 'x-ratelimit-limit-tokens': '1', 'x-ratelimit-reset-tokens': value })['tokens']!;
      expect(seconds === null || (seconds >= 0 && seconds <= 366 * 86_400)).toBe(true);
    },
  );

  it('tells at most eight kinds, whatever is sent', () => {
    const many = Array.from({ length: 1000 }, (_, index) => [`x-ratelimit-limit-k${index}`, '1']);
    expect(readRateLimitHeaders(raw(Object.fromEntries(many) as Record<string, string>), nowMs).limits).toHaveLength(8);
  });

  it('never throws, and tells whole numbers and bounded times, for any bytes', () => {
    const name = fc.oneof(
      fc.constantFrom('x-ratelimit-limit-tokens', 'x-ratelimit-reset-tokens', 'retry-after', 'retry-after-ms'),
      fc.stringMatching(/^x-ratelimit-(limit|remaining|reset)-[a-z-]{0,9}$/),
      fc.string(),
    );
    const value = fc.oneof(fc.string(), fc.double().map(String), fc.stringMatching(/^[\d.hmsT:Z-]{0,20}$/));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 30 }), (headers) => {
        const bytes = headers.flat().map((text) => Buffer.from(text));
        const { limits, retryAfterSeconds } = readRateLimitHeaders(bytes, nowMs);
        const amounts = limits.flatMap(({ limit, remaining }) => [limit, remaining]).filter((told) => told !== null);
        const seconds = limits.map(({ resetSeconds }) => resetSeconds ?? 0);
        expect(amounts.filter((amount) => !Number.isSafeInteger(amount) || amount < 0)).toEqual([]);
        expect([...seconds, retryAfterSeconds ?? 0].filter((each) => !(each >= 0 && each <= 366 * 86_400))).toEqual([]);
      }),
    );
  });
});
