import { jest } from '@jest/globals';
import { RedisFacts } from './redis-facts.js';
import type { RedisMode } from './redis-client.js';

const right: Readonly<Record<string, string>> = {
  redis_version: '7.0.15',
  role: 'master',
  cluster_enabled: '0',
  connected_slaves: '0',
  used_memory: '1048576',
  maxmemory: '2097152',
  maxmemory_policy: 'noeviction',
  evicted_keys: '0',
};

/** What INFO answers when some facts differ. */
const info = (facts: Readonly<Record<string, string>> = {}): string =>
  `# Everything\r\n${Object.entries({ ...right, ...facts })
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('')}`;

async function learned(answer: string, mode: RedisMode = 'single') {
  const warnings: string[] = [];
  const facts = new RedisFacts({ ask: async () => answer, mode: () => mode, warn: (line) => warnings.push(line) });
  const learn = async () => {
    facts.refresh({ again: true });
    await Promise.resolve();
  };
  await learn();
  await learn();
  return { facts, warnings };
}

describe('RedisFacts', () => {
  it('says what Redis says of itself', async () => {
    const { facts, warnings } = await learned(info());
    expect(facts.details).toEqual({
      mode: 'single',
      server: 'redis',
      version: '7.0.15',
      role: 'master',
      eviction_policy: 'noeviction',
      evicted_keys: 0,
      used_memory_bytes: 1_048_576,
      max_memory_bytes: 2_097_152,
      connected_replicas: 0,
    });
    expect(warnings).toEqual([]);
  });

  it('tells the version of Valkey as its own, and not as that of the Redis it came from', async () => {
    const valkey = { redis_version: '7.2.4', server_name: 'valkey', valkey_version: '9.1.2' };
    const { facts, warnings } = await learned(info(valkey));
    expect(facts.details).toMatchObject({ server: 'valkey', version: '9.1.2' });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['evicts', { maxmemory_policy: 'volatile-lru' }, /noeviction, got volatile-lru/],
    ['is a replica', { role: 'slave' }, /must be a master/],
    ['is old', { redis_version: '6.0.16' }, /6\.2 or later, got 6\.0\.16/],
    ['is a node of a cluster', { cluster_enabled: '1' }, /redis: \{ cluster:/],
  ])('warns once when Redis %s', async (_, wrong, expected) => {
    const { warnings } = await learned(info(wrong));
    expect(warnings).toEqual([expect.stringMatching(expected)]);
  });

  it('does not warn of a policy that never comes into play, of a cluster reached as one, or of a new version', async () => {
    expect((await learned(info({ maxmemory_policy: 'allkeys-lru', maxmemory: '0' }))).warnings).toEqual([]);
    expect((await learned(info({ cluster_enabled: '1' }), 'cluster')).warnings).toEqual([]);
    expect((await learned(info({ redis_version: '10.0.0' }))).warnings).toEqual([]);
  });

  it('leaves unknown what is not told, and warns of nothing then', async () => {
    const { facts, warnings } = await learned('nonsense\r\nmaxmemory:-1\r\n');
    expect(Object.entries(facts.details).filter(([, value]) => value !== null)).toEqual([['mode', 'single']]);
    expect([facts.hasReplica, warnings]).toEqual([null, []]);
  });

  it('says that INFO is forbidden', async () => {
    const { facts, warnings } = await learned('!NOPERM no permissions');
    expect(facts.details).toEqual({ mode: 'single', info: 'NOPERM no permissions' });
    expect([facts.hasReplica, warnings]).toEqual([null, []]);
  });

  it('warns of a cluster whose node sends us elsewhere', async () => {
    const warnings: string[] = [];
    const ask = () => Promise.reject(new Error('Redis must answer, got: MOVED 866 127.0.0.1:6380. Recording goes on.'));
    const facts = new RedisFacts({ ask, mode: () => 'single', warn: (line) => warnings.push(line) });
    facts.refresh();
    await new Promise(setImmediate);
    expect(warnings).toEqual([expect.stringMatching(/redis: \{ cluster:/)]);
  });

  it('asks at most every minute, and again after a failure', async () => {
    const ask = jest.fn(async () => info());
    ask.mockRejectedValueOnce(new Error('away'));
    const facts = new RedisFacts({ ask, mode: () => 'single', warn: () => {} });
    for (let time = 0; time < 5; time++) {
      facts.refresh();
      await new Promise(setImmediate);
    }
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('warns once when clocks differ by more than two seconds beyond doubt', () => {
    const warnings: string[] = [];
    const facts = new RedisFacts({ ask: async () => '', mode: () => null, warn: (line) => warnings.push(line) });
    facts.sawTime(10_000, 8000, 12_000);
    facts.sawTime(10_000, 11_999, 12_010);
    facts.sawTime(10_000, 3000, 9000);
    expect(warnings).toEqual([]);
    facts.sawTime(10_000, 12_500, 12_510);
    facts.sawTime(10_000, 1000, 1010);
    expect(warnings).toEqual([expect.stringContaining('2.5 s behind')]);
  });
});
