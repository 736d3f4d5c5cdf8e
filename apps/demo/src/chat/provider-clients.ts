import Anthropic from '@anthropic-ai/sdk';
import type { Provider } from '@nestjs/common';
import OpenAI from 'openai';
import { type Settings, SETTINGS } from '../settings.js';
import { ProviderSimulator } from '../simulator/provider-simulator.js';

const MAX_RETRIES = 1;
/** A real model may write for a minute; the simulator hangs for up to seven seconds, so that some calls run into this. */
const TIMEOUT_MS = { real: 60_000, simulated: 5_000 };

/** The real SDKs: pointed at the provider where a key is given, at the simulator where none is. */
export const PROVIDER_CLIENTS: Provider[] = [
  {
    provide: OpenAI,
    inject: [SETTINGS, ProviderSimulator],
    useFactory: ({ openaiApiKey }: Settings, simulator: ProviderSimulator) =>
      openaiApiKey === null
        ? new OpenAI({ ...simulated, baseURL: `${simulator.url}/v1` })
        : new OpenAI({ apiKey: openaiApiKey, maxRetries: MAX_RETRIES, timeout: TIMEOUT_MS.real }),
  },
  {
    provide: Anthropic,
    inject: [SETTINGS, ProviderSimulator],
    useFactory: ({ anthropicApiKey }: Settings, simulator: ProviderSimulator) =>
      anthropicApiKey === null
        ? new Anthropic({ ...simulated, baseURL: simulator.url })
        : new Anthropic({ apiKey: anthropicApiKey, maxRetries: MAX_RETRIES, timeout: TIMEOUT_MS.real }),
  },
];

const simulated = { apiKey: 'simulated', maxRetries: MAX_RETRIES, timeout: TIMEOUT_MS.simulated };
