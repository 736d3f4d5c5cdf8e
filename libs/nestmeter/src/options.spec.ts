import { NestmeterError } from './errors.js';
import { createMonitor } from './monitor.js';
import { type MonitorOptions, readOptions, sourceOf } from './options.js';

/** What the options are refused with. */
function messageOf(options: unknown): string {
  let refused: unknown;
  try {
    readOptions(options as MonitorOptions, {});
  } catch (error) {
    refused = error;
  }
  if (!(refused instanceof NestmeterError)) throw new Error('the options must be refused');
  return `${refused.code}: ${refused.message}`;
}

describe('options', () => {
  it('have defaults and are frozen', () => {
    const options = readOptions({}, {});
    expect(options).toMatchObject({ enabled: true, prefix: '/performance', publishIntervalMs: 1000, logLevel: 'warn' });
    expect(Object.isFrozen(options)).toBe(true);
  });

  it('come from the environment where code gives none', () => {
    const environment = { NESTMETER_ENABLED: 'false', NESTMETER_REPLICA_NAME: 'blue', NESTMETER_LOG: 'debug' };
    expect(readOptions({ logLevel: 'error' }, environment)).toMatchObject({
      enabled: false,
      replicaName: 'blue',
      logLevel: 'error',
    });
    const from = (option: string) => sourceOf(option, { logLevel: 'error' }, environment);
    expect(['logLevel', 'replicaName', 'prefix'].map(from)).toEqual(['code', 'environment', 'default']);
  });

  it('take the name of a file from the environment, and refuse a file where Redis keeps the numbers', () => {
    const environment = { NESTMETER_PERSISTENCE: 'numbers' };
    expect(readOptions({}, environment).persistence).toEqual({ file: 'numbers', intervalSeconds: 60 });
    expect(messageOf({ app: 'a', redis: 'redis://127.0.0.1', persistence: { file: 'numbers' } })).toContain(
      'persistence must be left out when redis is given: Redis keeps the numbers, got "numbers".',
    );
  });

  it('are refused with an estimate that nothing would be reserved by', () => {
    const budget = { name: 'daily', limitUsd: 1, period: 'day', hardStop: true, estimateUsd: '0.02' };
    expect(messageOf({ budgets: [budget] })).toBe(
      'NM_OPTION_INVALID: budgets[0].estimateUsd must be left out, or strict be true: nothing else reserves what a call may cost, got "0.02". Correct the option.',
    );
  });

  it('are refused all at once, each with its name, rule and value', () => {
    const message = messageOf({ publishIntervalMs: 5, logLevel: 'loud', prefix: 'performance', apdex: 5, app: '__x' });
    expect(message).toContain('NM_OPTION_INVALID: 5 options are wrong');
    expect(message).toContain('publishIntervalMs must be at least 200, got 5.');
    expect(message).toContain('logLevel must be one of silent, error, warn, info, debug, got "loud".');
    expect(message).toContain('prefix must be a path such as /performance, got "performance".');
    expect(message).toContain('app must be a name that does not start with __, got "__x".');
    expect(message).toContain('apdex must be left out, since there is no such option');
  });

  it('must name the app when replicas share Redis, and tiers that nest', () => {
    expect(messageOf({ redis: 'redis://127.0.0.1' })).toContain('app must be given when redis is');
    const tiers = [
      { slotSeconds: 10, retentionSeconds: 600 },
      { slotSeconds: 25, retentionSeconds: 3600 },
    ];
    expect(messageOf({ tiers })).toContain('tiers[1].slotSeconds must be');
  });

  it.each([
    [{ access: { write: 5, read: 'a-secret-token-of-length' } }],
    [{ access: 'a-secret-token-of-length' }],
    [{ access: ['a-secret-token-of-length'] }],
    [{ access: { read: 'a-secret' } }],
    [{ redis: 5, app: 'a-secret' }],
  ])('never show secrets in what is refused: %#', (options) => {
    expect(messageOf(options)).not.toContain('a-secret');
  });

  it('refuse aliases and tokenizers that are none', () => {
    expect(messageOf({ modelAliases: { azure: { prod: 5 } }, tokenizer: 'gpt-4o' })).toContain('2 options are wrong');
    const names = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`deployment-${index}`, 'gpt-4o']));
    expect(messageOf({ modelAliases: { azure: names } })).toContain('modelAliases must be at most 1000 names');
  });

  it('refuse null as Redis', () => {
    expect(messageOf({ redis: null, app: 'x' })).toContain('redis must be');
  });
});

describe('a monitor', () => {
  it('shows effective options without secrets, and keys that are data as they are', async () => {
    const monitor = createMonitor({
      access: { read: 'a-secret-token-of-length' },
      operationThresholdsMs: { answerQuestion: 100 },
    });
    const { status, body } = await monitor.routes.handle({
      method: 'GET',
      url: '/performance/config',
      headers: { authorization: 'Bearer a-secret-token-of-length' },
      remoteAddress: '192.0.2.1',
      native: null,
      body: () => Promise.resolve(null),
    });
    expect(status).toBe(200);
    expect(body).not.toContain('a-secret');
    const { effective, sources } = JSON.parse(body as string) as Record<string, Record<string, unknown>>;
    expect(effective!['operation_thresholds_ms']).toEqual({ answerQuestion: 100 });
    expect(sources!['operation_thresholds_ms']).toBe('code');
  });

  it('estimates at the price of the aliased model, with the tokenizer while it works', () => {
    const monitor = createMonitor({
      logLevel: 'silent',
      genaiPrices: false,
      prices: { 'azure.ai.openai': { 'gpt-4o': { inputPerMillion: 2.5 } } },
      modelAliases: { 'azure.ai.openai': { 'chat-prod': 'gpt-4o' } },
      tokenizer: (text) => {
        if (text === '') throw new Error('nothing to count');
        return 1000;
      },
    });
    const call = { provider: 'azure.ai.openai', model: 'chat-prod' };
    expect(monitor.estimateCost({ ...call, text: 'hi' })).toMatchObject({
      tokens_by: 'tokenizer',
      total_cost_usd: '0.002500000',
    });
    expect(monitor.estimateCost({ ...call, text: '' })).toMatchObject({ tokens_by: 'estimate', input_tokens: 0 });
  });

  it('survives null where its record calls take options', () => {
    const monitor = createMonitor();
    const none = null as unknown as undefined;
    expect(() => {
      monitor.recordError('here', new Error('no'), none);
      monitor.recordQueueDepth('jobs', 1, none);
      monitor.startOperation('work', none).component('part', 1, none).end(none);
    }).not.toThrow();
  });

  it('does nothing when disabled, and its reports say why they are not there', async () => {
    const monitor = createMonitor({ enabled: false });
    monitor.start();
    expect(monitor.status()).toBe('disabled');
    expect(monitor.track('work', () => 5)).toBe(5);
    monitor.recordLLMCall({ provider: 'openai', model: 'gpt-4o', durationMs: 1 });
    await expect(monitor.reports.providers()).rejects.toThrow('enabled must be true');
    await monitor.stop();
  });
});
