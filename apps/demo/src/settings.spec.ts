import { describe, expect, it } from '@jest/globals';
import { readSettings } from './settings.js';

describe('readSettings', () => {
  it('needs nothing from the environment', () => {
    expect(readSettings({})).toEqual({
      port: 3000,
      host: '127.0.0.1',
      redisUrl: null,
      traffic: true,
      rate: 8,
      errorShare: 0.03,
      seed: 1,
      openaiApiKey: null,
      anthropicApiKey: null,
      readToken: null,
      writeToken: null,
    });
  });

  it('takes every variable', () => {
    const env = {
      PORT: '8080',
      HOST: '0.0.0.0',
      REDIS_URL: 'rediss://user:secret@redis.example:6380/2',
      TRAFFIC: 'off',
      RATE: '0.5',
      ERROR_SHARE: '1',
      SEED: '0',
      OPENAI_API_KEY: 'one',
      ANTHROPIC_API_KEY: 'two',
      READ_TOKEN: 'a-token-to-read-with',
      WRITE_TOKEN: 'a-token-to-write-with',
    };
    expect(readSettings(env)).toEqual({
      port: 8080,
      host: '0.0.0.0',
      redisUrl: env.REDIS_URL,
      traffic: false,
      rate: 0.5,
      errorShare: 1,
      seed: 0,
      openaiApiKey: 'one',
      anthropicApiKey: 'two',
      readToken: env.READ_TOKEN,
      writeToken: env.WRITE_TOKEN,
    });
  });

  it('takes an empty variable for an absent one', () => {
    expect(readSettings({ PORT: '', REDIS_URL: '', OPENAI_API_KEY: '' })).toEqual(readSettings({}));
  });

  it.each([{ OPENAI_API_KEY: 'key' }, { ANTHROPIC_API_KEY: 'key' }])(
    'sends no traffic that a real provider would bill unless asked to (%o)',
    (env) => {
      expect(readSettings(env).traffic).toBe(false);
      expect(readSettings({ ...env, TRAFFIC: 'on' }).traffic).toBe(true);
    },
  );

  it.each([
    ['PORT', '65536', 'PORT must be an integer from 0 to 65535, got "65536". Change it or leave it out.'],
    ['PORT', '3000.5', 'PORT must be an integer from 0 to 65535, got "3000.5". Change it or leave it out.'],
    ['PORT', 'http', 'PORT must be an integer from 0 to 65535, got "http". Change it or leave it out.'],
    ['TRAFFIC', 'no', 'TRAFFIC must be on or off, got "no". Change it or leave it out.'],
    ['RATE', '0', 'RATE must be a number of requests per second from 0.1 to 1000, got "0". Change it or leave it out.'],
    ['ERROR_SHARE', '3', 'ERROR_SHARE must be a share from 0 to 1, got "3". Change it or leave it out.'],
    ['SEED', '-1', 'SEED must be an integer from 0 to 4294967295, got "-1". Change it or leave it out.'],
  ])('says in one line what %s=%s must be', (name, value, message) => {
    expect(() => readSettings({ [name]: value })).toThrow(message);
    expect(message).not.toContain('\n');
  });

  it('names all bad variables at once, each in a line of its own', () => {
    expect(() => readSettings({ PORT: 'x', RATE: 'y' })).toThrow(/^PORT must .+\nRATE must .+$/);
  });

  it('does not repeat a secret in its complaint', () => {
    expect(() => readSettings({ REDIS_URL: 'http://user:secret@redis.example' })).toThrow(
      'REDIS_URL must be a URL such as redis://localhost:6379, got another value. Change it or leave it out.',
    );
  });
});
