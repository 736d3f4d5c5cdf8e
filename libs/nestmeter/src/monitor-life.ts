import type { MonitorParts } from './monitor-parts.js';
import type { EffectiveOptions } from './options.js';
import { within } from './publish/within.js';
import { watchRequests } from './record/attempt/request-channels.js';
import { addRecorder, forgetRecorder } from './record/scope.js';
import type { RouteServer } from './serve/handle.js';
import { openOwnPort, type OwnPort } from './serve/own-port.js';

/** Whether a monitor measures and publishes. */
export type MonitorStatus = 'disabled' | 'idle' | 'running' | 'stopped';

/** What the life of a monitor needs of it. */
export interface MonitorLifeOptions {
  readonly parts: MonitorParts;
  readonly options: EffectiveOptions;
  /** Serves the routes; asked for only where they have a port of their own. */
  readonly routes: () => RouteServer;
  /** Told when nothing is published any more, before what was opened is closed. */
  readonly ended: () => void;
}

/** The life of a monitor that is enabled: what it opens and begins when it starts, and ends when it stops, in this order. */
export class MonitorLife {
  #status: MonitorStatus = 'idle';
  #ownPort: OwnPort | null = null;
  #unwatchRequests: (() => void) | null = null;
  #stopping: Promise<void> | null = null;

  constructor(private readonly given: MonitorLifeOptions) {}

  /** Where it stands; never `disabled`. */
  get status(): MonitorStatus {
    return this.#status;
  }

  /** The port of the option `listen`; null without it, and until it is open. */
  get ownPort(): number | null {
    return this.#ownPort?.port ?? null;
  }

  /** Begins, once. Never waits for the store. */
  start(): void {
    if (this.#status !== 'idle') return;
    const { parts, options, routes } = this.given;
    this.#status = 'running';
    addRecorder(parts.recorder);
    this.#unwatchRequests = watchRequests();
    parts.store.start();
    parts.persistence?.start();
    parts.publisher.start();
    parts.keeper?.start();
    // What the file has comes first.
    void (parts.persistence?.loaded() ?? Promise.resolve()).then(() => {
      parts.config.start();
      parts.alerting.start();
      parts.budgeting.reading.start();
    });
    void parts.recorder.prices.ready().then(() => {
      if (parts.recorder.prices.loadError !== null)
        parts.log.warn('@pydantic/genai-prices is installed and cannot be loaded: only your own prices apply.');
    });
    if (options.listen !== undefined) this.#ownPort = openOwnPort(routes(), options.listen, parts.log);
    parts.sampling.start();
  }

  /** Ends, once: publishes everything, says that this replica left, and closes what was opened. Nothing before a start. */
  stop(): Promise<void> {
    if (this.#status === 'running') this.#stopping ??= this.#stop();
    return this.#stopping ?? Promise.resolve();
  }

  async #stop(): Promise<void> {
    const { parts, ended } = this.given;
    const { publisher, keeper, persistence, store, config, recorder, sampling, alerting, budgeting, log } = parts;
    const { shutdownTimeoutMs } = config.effective;
    config.stop();
    sampling.stop();
    await recorder.prices.ready();
    const notified = alerting.stop(shutdownTimeoutMs);
    const handedOn = keeper?.stop();
    const givenBack = budgeting.reading.stop();
    const { unacknowledged } = await publisher.stop(shutdownTimeoutMs);
    if (unacknowledged > 0)
      log.warn(`Stopped with ${unacknowledged} states unpublished: the store did not answer. Their counts are lost.`);
    this.#status = 'stopped';
    ended();
    await this.#ownPort?.close();
    this.#unwatchRequests?.();
    forgetRecorder(recorder);
    // What was sent is noted while there is a store; one that is silent is not waited for.
    await within(notified, shutdownTimeoutMs + 1000);
    await persistence?.stop(Math.max(1000, shutdownTimeoutMs));
    await store.stop();
    // With the connection gone nothing of it waits any more.
    await handedOn;
    await notified;
    await givenBack;
  }
}
