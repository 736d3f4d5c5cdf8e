import { logLevels, type MonitorLogger } from './options.js';

/** The toolkit's few lines for operators, at or above a level. */
export interface Log {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}

/** Names and messages from outside stand in lines: nothing of them may begin a line of its own or steer a terminal. */
const lineBreaks = /[\p{Cc}\u2028\u2029]+/gu;

/** Sends lines at or above the level of the moment to a logger. What a logger throws is dropped: logging must not harm. */
export function createLog(logger: MonitorLogger, level: () => (typeof logLevels)[number]): Log {
  const write = (of: (typeof logLevels)[number], line: (message: string) => void) => {
    return (message: string) => {
      if (logLevels.indexOf(of) > logLevels.indexOf(level())) return;
      try {
        line(`[nestmeter] ${message.replaceAll(lineBreaks, ' ')}`);
      } catch {
        // The application's logger failed; there is nowhere to say so.
      }
    };
  };
  return {
    error: write('error', (message) => logger.error(message)),
    warn: write('warn', (message) => logger.warn(message)),
    info: write('info', (message) => logger.log(message)),
    debug: write('debug', (message) => (logger.debug ?? logger.log).call(logger, message)),
  };
}
