import type { MonitorParts } from './monitor-parts.js';

/** Starts the parts of a monitor. Never waits for the store. */
export function startParts(parts: MonitorParts): void {
  const { store, persistence, publisher, keeper, config, recorder, sampling, alerting, log } = parts;
  store.start();
  persistence?.start();
  publisher.start();
  keeper?.start();
  // What the file has comes first.
  void (persistence?.loaded() ?? Promise.resolve()).then(() => {
    config.start();
    alerting.watch?.start();
  });
  void recorder.prices.ready().then(() => {
    if (recorder.prices.loadError !== null)
      log.warn('@pydantic/genai-prices is installed and cannot be loaded: only your own prices apply.');
  });
  sampling.start();
}

/** Ends the parts of a monitor in their order. @param published called once everything is published, before the store goes */
export async function stopParts(parts: MonitorParts, published: () => Promise<void>): Promise<void> {
  const { publisher, keeper, persistence, store, config, recorder, sampling, alerting, log } = parts;
  const { shutdownTimeoutMs } = config.effective;
  config.stop();
  sampling.stop();
  await recorder.prices.ready();
  const evaluated = alerting.watch?.stop();
  const handedOn = keeper?.stop();
  const { unacknowledged } = await publisher.stop(shutdownTimeoutMs);
  if (unacknowledged > 0)
    log.warn(`Stopped with ${unacknowledged} states unpublished: the store did not answer. Their counts are lost.`);
  await published();
  await persistence?.stop(Math.max(1000, shutdownTimeoutMs));
  await store.stop();
  // With the connection gone nothing of it waits any more.
  await handedOn;
  await evaluated;
}
