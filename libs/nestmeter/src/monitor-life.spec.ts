import { createMonitor, getMonitor } from './monitor.js';

describe('the life of a monitor', () => {
  it('goes from idle over running to stopped, and not back', async () => {
    const monitor = createMonitor({ app: 'life', logLevel: 'silent' });
    expect([monitor.status(), getMonitor('life')]).toEqual(['idle', null]);
    monitor.start();
    expect([monitor.status(), getMonitor('life')]).toEqual(['running', monitor]);
    const stopping = monitor.stop();
    await Promise.all([stopping, monitor.stop()]);
    expect([monitor.status(), getMonitor('life')]).toEqual(['stopped', null]);
    monitor.start();
    expect(monitor.status()).toBe('stopped');
  });

  it('can be stopped before it starts, and then still starts and stops', async () => {
    const monitor = createMonitor({ app: 'life', logLevel: 'silent' });
    await monitor.stop();
    monitor.start();
    expect(monitor.status()).toBe('running');
    await monitor.stop();
    expect([monitor.status(), getMonitor('life')]).toEqual(['stopped', null]);
  });

  it('is none when the monitor is disabled', async () => {
    const monitor = createMonitor({ app: 'life', enabled: false });
    monitor.start();
    expect([monitor.status(), monitor.ownPort]).toEqual(['disabled', null]);
    await monitor.stop();
    expect(monitor.status()).toBe('disabled');
  });
});
