import { attemptsOfAnswer, attemptsOfError, attemptsOfRetryError, retryDelayOfError } from './told-attempts.js';

const gemini = (delay: unknown): Error =>
  Object.assign(
    new Error(
      JSON.stringify({
        error: {
          code: 429,
          status: 'RESOURCE_EXHAUSTED',
          message: 'You exceeded your current quota.',
          details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: delay }],
        },
      }),
    ),
    { name: 'ApiError', status: 429 },
  );

describe('attempts that are told', () => {
  it('stand in the answer of the AWS SDK', () => {
    expect(attemptsOfAnswer({ $metadata: { attempts: 3 } })).toBe(3);
  });

  it('stand in its errors, whatever they are wrapped in', () => {
    const error = Object.assign(new Error('Too many'), { $metadata: { attempts: 2 } });
    expect(attemptsOfError(new Error('failed', { cause: error }))).toBe(2);
  });

  it('are the errors of an AI_RetryError', () => {
    const error = Object.assign(new Error('Failed after 3 attempts'), { name: 'AI_RetryError', errors: [1, 2, 3] });
    expect(attemptsOfRetryError(error)).toBe(3);
    expect(attemptsOfError(error)).toBeNull();
  });

  it.each([0, -1, 1.5, Number.NaN, 1e9, '3', null, undefined])('are unknown where they are %p', (attempts) => {
    expect(attemptsOfAnswer({ $metadata: { attempts } })).toBeNull();
    expect(attemptsOfError({ $metadata: { attempts } })).toBeNull();
  });

  it.each([null, undefined, 'text', 7, {}, { $metadata: null }, { errors: [1] }])('are unknown of %p', (value) => {
    expect([attemptsOfAnswer(value), attemptsOfError(value), attemptsOfRetryError(value)]).toEqual([null, null, null]);
  });

  it('are unknown of an error that is its own cause, or that cannot be looked at', () => {
    const circular: Error = new Error('round');
    circular.cause = circular;
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect([attemptsOfError(circular), attemptsOfError(proxy), attemptsOfAnswer(proxy)]).toEqual([null, null, null]);
  });
});

describe('retryDelayOfError', () => {
  it('reads how long Gemini says to wait', () => {
    expect(retryDelayOfError(gemini('13s'))).toBe(13);
    expect(retryDelayOfError(gemini('0.5s'))).toBe(0.5);
  });

  it.each(['', 'soon', '-3s', '0s', '99999999s', 13, null])('is null for %p', (delay) => {
    expect(retryDelayOfError(gemini(delay))).toBeNull();
  });
});
