import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { alerts, channelsOf, errors, evaluatedAgain, NotifyingMonitors } from '../fixtures/notifying-monitors.js';

let stage: NotifyingMonitors;

beforeAll(async () => {
  stage = await NotifyingMonitors.open();
});
beforeEach(() => stage.listen());
afterEach(() => stage.stop());
afterAll(() => stage.close());

describe('a keeper that is killed between the change and the answer to its message', () => {
  it('has its message sent by the next one, under the same id', async () => {
    stage.receiver.answers = ['hang', 200];
    const rules = [{ ...errors, windowSeconds: 300 }];
    const env = {
      ...process.env,
      APP: 'killed',
      REDIS_URL: stage.redis.url,
      ALERTS: JSON.stringify({ ...alerts, rules }),
    };
    const child = fork(fileURLToPath(new URL('../fixtures/notifying-replica.mjs', import.meta.url)), {
      env,
      execArgv: [],
    });
    const ended = once(child, 'exit');
    await stage.receiver.got(1);
    child.kill('SIGKILL');
    await ended;
    const next = stage.start('killed', { alerts: { ...alerts, rules } });
    await stage.receiver.got(2, 90);
    const [first, second] = stage.receiver.received;
    expect(second?.headers['x-nestmeter-delivery']).toBe(first!.headers['x-nestmeter-delivery']);
    expect(second?.text).toBe(first!.text);
    await evaluatedAgain(next);
    expect(stage.receiver.received).toHaveLength(2);
    expect((await channelsOf(next))[1]).toMatchObject({ sent: 1, pending: 0 });
  }, 180_000);
});
