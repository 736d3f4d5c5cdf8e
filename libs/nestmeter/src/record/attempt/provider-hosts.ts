/**
 * Hosts of LLM providers, of which a request that no tracked call made is worth telling. Some serve more than models
 * (Vertex AI, Azure's AI services); what is asked there is the provider's all the same.
 */
const known = [
  'api.openai.com',
  '*.api.openai.com',
  '*.openai.azure.com',
  '*.services.ai.azure.com',
  '*.models.ai.azure.com',
  '*.cognitiveservices.azure.com',
  'api.anthropic.com',
  'generativelanguage.googleapis.com',
  'aiplatform.googleapis.com',
  '*-aiplatform.googleapis.com',
  'aiplatform.*.rep.googleapis.com',
  'api.mistral.ai',
  'codestral.mistral.ai',
  'api.groq.com',
  'api.cohere.com',
  'api.cohere.ai',
  'bedrock-runtime.*.amazonaws.com',
  'bedrock-runtime-fips.*.amazonaws.com',
  'bedrock-runtime.*.api.aws',
  'bedrock-runtime.*.amazonaws.com.cn',
  'api.cerebras.ai',
  'api.x.ai',
  '*.api.x.ai',
  'api.deepseek.com',
  'openrouter.ai',
  'api.together.xyz',
  'api.together.ai',
  'api.fireworks.ai',
  'api.perplexity.ai',
  'api.moonshot.ai',
  'api.moonshot.cn',
  'ai-gateway.vercel.sh',
  'ollama.com',
] as const;

/** Where a request goes. */
export interface RequestHost {
  /** Host, with the port where it is not the usual one; in lower case. */
  readonly name: string;
  /** Whether it is that of a known provider or of the option `providerHosts`. */
  readonly isProvider: boolean;
}

/** A `*` is one or more letters, digits and hyphens; labels of a host are parted by dots. */
function patternOf(hosts: readonly string[]): RegExp {
  const escaped = hosts.map((host) =>
    host
      .toLowerCase()
      .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[a-z0-9-]+'),
  );
  return new RegExp(`^(?:${escaped.join('|')})$`);
}

const knownPattern = patternOf(known);

/** Origins remembered; past it all are forgotten at once, which costs a few microseconds for each that comes again. */
const mostOrigins = 500;

/** Tells the hosts of LLM providers from all others. */
export class ProviderHosts {
  readonly #more: RegExp | null;
  readonly #byOrigin = new Map<string, RequestHost>();

  /** @param more further hosts, such as that of a gateway: `llm.example.com`, `*.example.com`, `localhost:4000` */
  constructor(more: readonly string[] = []) {
    this.#more = more.length === 0 ? null : patternOf(more);
  }

  /** The host of an origin such as `https://api.openai.com`. Costs a look-up for those seen before. */
  of(origin: string): RequestHost {
    const seen = this.#byOrigin.get(origin);
    if (seen !== undefined) return seen;
    const url = URL.canParse(origin) ? new URL(origin) : null;
    const host: RequestHost = {
      name: url?.host ?? 'unknown',
      isProvider: url !== null && (this.#isProvider(url.hostname) || this.#isProvider(url.host)),
    };
    if (this.#byOrigin.size >= mostOrigins) this.#byOrigin.clear();
    this.#byOrigin.set(origin, host);
    return host;
  }

  #isProvider(host: string): boolean {
    return knownPattern.test(host) || this.#more?.test(host) === true;
  }
}
