import { wordsOfRedis } from './redis-error.js';

/** As recorded from Redis 6.2.16. */
const within = (words: string): string =>
  `ERR Error running script (call to f_32f7169075cfc7367402dce5b0c16b307802fcff): @user_script:103: @user_script: 103: -${words}`;

describe('wordsOfRedis', () => {
  it.each([
    "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY You can't write against a read only replica.",
    'NOREPLICAS Not enough good replicas to write.',
  ])('begin with the kind of error where Redis 6.2 puts its script before them: %s', (words) =>
    expect(wordsOfRedis(within(words))).toBe(words),
  );

  it.each([
    "OOM command not allowed when used memory > 'maxmemory'. script: 32f7169075cfc7367402dce5b0c16b307802fcff, on @user_script:103.",
    'ERR Error running script (call to f_32f7169075cfc7367402dce5b0c16b307802fcff): @user_script:3: bad argument',
    'connect ECONNREFUSED 127.0.0.1:6379',
  ])('are all that it said elsewhere: %s', (words) => expect(wordsOfRedis(words)).toBe(words));
});
