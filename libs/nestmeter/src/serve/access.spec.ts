import { Access, accessOptions, type AccessOptions, type AccessRequest } from './access.js';

const failures: unknown[] = [];
let nowMs = 1_800_000_000_000;
const request = (more: Partial<AccessRequest> = {}): AccessRequest => ({
  method: 'GET',
  path: '/providers',
  level: 'read',
  headers: { host: 'localhost' },
  address: '10.0.0.1',
  native: null,
  ...more,
});
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const access = (options: Parameters<typeof accessOptions.parse>[0], env = 'production') =>
  new Access(accessOptions.parse(options), {
    failed: (error) => failures.push(error),
    nowMs: () => nowMs,
    nodeEnv: env,
  });

describe('Access', () => {
  it('lets tokens do what they are for, and no more', async () => {
    const options = { read: ['a-token-to-read-with', 'another-one-to-read'], write: 'a-token-to-write-with' };
    const judge = async (more: Partial<AccessRequest>) => (await access(options).judge(request(more), '')).outcome;
    expect(await judge(bearer('a-token-to-read-with'))).toBe('granted');
    expect(await judge(bearer('another-one-to-read'))).toBe('granted');
    expect(await judge(bearer('a-token-to-write-with'))).toBe('granted');
    expect(await judge({ ...bearer('a-token-to-write-with'), level: 'write' })).toBe('granted');
    expect(await judge({ ...bearer('a-token-to-read-with'), level: 'write' })).toBe('forbidden');
    expect(await judge(bearer('a-token-to-read-wit'))).toBe('unauthenticated');
    expect(await judge({ headers: { authorization: 'Basic a-token-to-read-with' } })).toBe('unauthenticated');
    expect(await judge({})).toBe('unauthenticated');
  });

  it('never names a principal by its token', async () => {
    const verdict = await access({ read: 'a-token-to-read-with' }).judge(request(bearer('a-token-to-read-with')), '');
    expect(JSON.stringify(verdict)).not.toContain('a-token');
  });

  it('changes nothing without a rule for writing', async () => {
    for (const options of [{ read: 'a-token-to-read-with' }, { read: () => true }, () => true] as const) {
      const verdict = await access(options).judge(request({ ...bearer('a-token-to-read-with'), level: 'write' }), '');
      expect(verdict.outcome).toBe('forbidden');
    }
  });

  it('takes `true` as leave to read, and to write only from a function in the place of `write`', async () => {
    const outcomes = async (options: Parameters<typeof access>[0]) => {
      const judge = (level: 'read' | 'write') => access(options).judge(request({ level }), '');
      return [(await judge('read')).outcome, (await judge('write')).outcome];
    };
    expect(await outcomes(() => true)).toEqual(['granted', 'forbidden']);
    expect(await outcomes({ read: () => true })).toEqual(['granted', 'forbidden']);
    expect(await outcomes({ read: () => true, write: () => false })).toEqual(['granted', 'forbidden']);
    expect(await outcomes({ write: () => true })).toEqual(['granted', 'granted']);
    expect(await outcomes(() => ({ principal: 'ada', level: 'write' }))).toEqual(['granted', 'granted']);
  });

  it('asks a function, which may say who it is and what he may do', async () => {
    const judge = async (check: AccessOptions['read'] & object, level: 'read' | 'write') =>
      access({ read: check }).judge(request({ level }), '');
    expect(await judge(async () => ({ principal: 'ada', level: 'write' }), 'write')).toEqual({
      outcome: 'granted',
      principal: 'ada',
      level: 'write',
      proof: 'function',
      untilMs: null,
    });
    expect(await judge(() => ({ principal: 'bob', level: 'read' }), 'write')).toEqual({ outcome: 'forbidden' });
    expect(await judge(() => false, 'read')).toMatchObject({ outcome: 'unauthenticated' });
    expect(await judge((() => 'yes') as never, 'read')).toMatchObject({ outcome: 'unauthenticated' });
    expect(await judge((() => ({ principal: 'eve', level: 'anything' })) as never, 'write')).toEqual({
      outcome: 'forbidden',
    });
  });

  it('refuses when a function throws, and says so', async () => {
    failures.length = 0;
    const verdict = await access({ read: () => Promise.reject(new Error('directory down')) }).judge(request(), '');
    expect(verdict.outcome).toBe('unauthenticated');
    expect(failures).toHaveLength(1);
  });

  it('opens single routes for reading only', async () => {
    const open = access({ read: 'a-token-to-read-with', open: ['health', '/metrics'] });
    const judge = async (path: string, level: 'read' | 'write' = 'read') =>
      (await open.judge(request({ path, level }), '')).outcome;
    expect(await judge('/health')).toBe('granted');
    expect(await judge('/metrics')).toBe('granted');
    expect(await judge('/healthy')).toBe('unauthenticated');
    expect(await judge('/health', 'write')).toBe('unauthenticated');
  });

  it('hides everything without options, but from a developer at this machine', async () => {
    const judge = async (env: string | undefined, remote: string | undefined, headers: AccessRequest['headers']) =>
      (
        await new Access(undefined, { failed: () => {}, nowMs: Date.now, nodeEnv: env ?? 'unset' }).judge(
          request({ headers }),
          remote,
        )
      ).outcome;
    const local = { host: 'localhost:3000' };
    expect(await judge('development', '127.0.0.1', local)).toBe('granted');
    expect(await judge('test', '::1', { ...local, origin: 'http://localhost:5173' })).toBe('granted');
    for (const env of ['production', 'staging', 'Development', 'dev', ''])
      expect([env, await judge(env, '127.0.0.1', local)]).toEqual([env, 'hidden']);
    expect(await judge('development', '10.0.0.1', local)).toBe('hidden');
    expect(await judge('development', undefined, local)).toBe('hidden');
    expect(await judge('development', '127.0.0.1', {})).toBe('hidden');
    expect(await judge('development', '127.0.0.1', { ...local, 'x-forwarded-host': '' })).toBe('hidden');
    expect(await judge('development', '127.0.0.1', { ...local, origin: 'null' })).toBe('hidden');
  });

  it('takes no token that could be guessed', () => {
    for (const options of [
      { read: 'short' },
      { read: [] },
      { write: [''] },
      { reads: 'a-token-to-read-with' },
      { read: 7 },
      'token',
    ])
      expect([options, accessOptions.safeParse(options).success]).toEqual([options, false]);
  });
});
