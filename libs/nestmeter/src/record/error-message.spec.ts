import { scrubMessage } from './error-message.js';

describe('an error message that is kept', () => {
  it.each([
    ['Incorrect API key provided: sk-proj-abc***************wxyz.', 'sk-proj'],
    ['Authorization: Bearer abc.def.ghi refused', 'abc.def'],
    ['request to https://user:pw@example.com/v1?key=secret failed', 'secret'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln is expired', 'eyJ'],
    ['key AIzaSyA1234567890abcdef is not valid', 'AIza'],
    ['AKIAIOSFODNN7EXAMPLE is not authorized', 'AKIA'],
    ['user jane.doe@example.com is suspended', 'jane'],
    ['card 4111 1111 1111 1111 was declined', '4111'],
    ['organization org_9f8e7d6c5b4a39281706f5e4d3c2b1a0 is over its limit', '9f8e7d'],
    ['Invalid prompt: "My name is Jane Doe, I live in Berlin and I have a question about"', 'Jane'],
    ['password=hunter2 is wrong', 'hunter2'],
  ])('has lost its secret: %s', (message, secret) => {
    expect(scrubMessage(message)).not.toContain(secret);
  });

  it('says what a provider says', () => {
    const message = 'Rate limit reached for gpt-4o-mini on requests per min (RPM): Limit 3, Used 3. Try again in 20s.';
    expect(scrubMessage(message)).toBe(message);
    expect(scrubMessage('invalid_request_error_of_a_kind')).toBe('invalid_request_error_of_a_kind');
  });

  it('is one line of at most 200 characters, whatever comes', () => {
    expect(scrubMessage('a\n\tb\u0000\u202Ec')).toBe('a b c');
    expect(scrubMessage('no '.repeat(1e6))).toHaveLength(200);
    expect(scrubMessage('😀'.repeat(500)).isWellFormed()).toBe(true);
  });

  it('takes no long time over hostile text', () => {
    for (const part of ['a@', '1 ', '"', 'eyJ.', 'bearer ', 'x://', 'a-', '\u2028'])
      expect(scrubMessage(part.repeat(100_000)).length).toBeLessThanOrEqual(200);
  });
});
