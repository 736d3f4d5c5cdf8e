import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RouteServer } from './handle.js';
import { answerOnNode } from './node-handler.js';
import { answerUpgrade } from './upgrade.js';

/** Where the routes are served apart from the application. */
export interface OwnPortOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** Opens a port; one that cannot be opened is warned about, and the application runs on without the routes. */
export function openOwnPort(routes: RouteServer, at: OwnPortOptions, log: { warn(message: string): void }): OwnPort {
  const port = new OwnPort(routes, at, (error) =>
    log.warn(`The routes cannot be served on ${at.host}:${at.port} (${error.message}). Choose another port.`),
  );
  port.open();
  return port;
}

/** Serves the routes on a port of their own. Keeps no process alive. */
export class OwnPort {
  readonly #server: Server;

  /** @param failed told when the port cannot be opened; the application runs on without the routes */
  constructor(
    routes: RouteServer,
    private readonly options: OwnPortOptions,
    failed: (error: Error) => void,
  ) {
    this.#server = createServer((request, response) => {
      void answerOnNode(routes, request, response, { url: request.url ?? '/', native: { request, response } });
    });
    this.#server.on('upgrade', (request, socket, head) => void answerUpgrade(routes, { request, socket, head }));
    this.#server.on('error', failed);
  }

  /** Begins to listen. */
  open(): void {
    const { host, port } = this.options;
    this.#server.listen(port, host).unref();
  }

  /** The port that is listened on; null before it is. */
  get port(): number | null {
    return (this.#server.address() as AddressInfo | null)?.port ?? null;
  }

  /** Stops listening and closes what is open. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
