import { BadRequestException, type DynamicModule, Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { PerformanceModule, type PerformanceModuleOptions } from 'nestmeter';
import { ChatController } from './chat/chat.controller.js';
import { ChatService } from './chat/chat.service.js';
import { PROVIDER_CLIENTS } from './chat/provider-clients.js';
import { SearchController } from './search/search.controller.js';
import { SearchService } from './search/search.service.js';
import { type Settings, SETTINGS } from './settings.js';
import { ProviderSimulator } from './simulator/provider-simulator.js';
import { Traffic } from './traffic/traffic.js';
import { DocumentWorker } from './worker/document-worker.js';
import { DocumentsController } from './worker/documents.controller.js';

/** Limits of the size of the simulated traffic: some are well, some are used up within the hour. */
const BUDGETS: PerformanceModuleOptions['budgets'] = [
  { name: 'all', limitUsd: 1500, period: 'day' },
  { name: 'claude', limitUsd: 40, period: 'hour', per: { model: 'claude-*' } },
  { name: 'each_model', limitTokens: 60_000_000, rollingSeconds: 3600, each: 'model', per: { provider: 'openai' } },
];

/** The whole demo: a chat gateway, a search and a background worker. Nestmeter is the one import at the top. */
@Module({})
export class DemoModule {
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: DemoModule,
      imports: [
        PerformanceModule.forRoot({
          app: 'demo',
          dailyTokenLimit: 500_000_000,
          budgets: BUDGETS,
          ...(settings.redisUrl !== null && { redis: settings.redisUrl }),
          ...accessOf(settings),
        }),
      ],
      controllers: [ChatController, SearchController, DocumentsController],
      providers: [
        { provide: SETTINGS, useValue: settings },
        { provide: ProviderSimulator, useFactory: () => ProviderSimulator.start(settings) },
        { provide: APP_PIPE, useFactory: () => new StandardSchemaValidationPipe({ exceptionFactory: invalidRequest }) },
        ...PROVIDER_CLIENTS,
        ChatService,
        SearchService,
        DocumentWorker,
        Traffic,
      ],
    };
  }
}

/** Who may look; without tokens only this machine, in development. */
function accessOf({ readToken, writeToken }: Settings): Pick<PerformanceModuleOptions, 'access'> {
  if (readToken === null && writeToken === null) return {};
  return {
    access: { ...(readToken !== null && { read: readToken }), ...(writeToken !== null && { write: writeToken }) },
  };
}

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}

/** A 400 that names every bad field and what is allowed there. */
function invalidRequest(issues: readonly Issue[]): BadRequestException {
  const problems = issues.map(({ path = [], message }) => {
    const field = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return field ? `${field}: ${message}` : message;
  });
  return new BadRequestException({ error: { code: 'invalid_request', message: problems.join('; ') } });
}
