import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { PerformanceMonitor } from 'nestmeter';
import { attachWebSocket } from 'nestmeter/websocket';
import { DemoModule } from './demo.module.js';
import { introduction } from './introduction.js';
import { settingsOrExit } from './settings.js';
import { Traffic } from './traffic/traffic.js';

// Nestmeter shows its numbers without a log-in in development only, and only on this machine.
process.env['NODE_ENV'] ??= 'development';

const settings = settingsOrExit();
const app = await NestFactory.create(DemoModule.forRoot(settings), { logger: ['warn', 'error', 'fatal'] });
app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
attachWebSocket(app.getHttpServer(), app.get(PerformanceMonitor));
await app.listen(settings.port, settings.host).catch(portTaken);
const url = await app.getUrl();
if (settings.traffic) app.get(Traffic).start(url);

if (process.send) {
  // A replica of the fleet: the parent speaks for all of them, and none outlives it.
  process.send({ url });
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
} else {
  console.log(introduction([url], settings));
}

function portTaken(error: NodeJS.ErrnoException): never {
  if (error.code !== 'EADDRINUSE') throw error;
  console.error(`PORT must be free, got ${settings.port}, where something listens already. Set another PORT.`);
  process.exit(1);
}
