import { ProviderHosts } from './provider-hosts.js';
import { UntrackedRequests } from './untracked-requests.js';

describe('ProviderHosts', () => {
  it.each([
    'https://api.openai.com',
    'https://eu.api.openai.com',
    'https://my-resource.openai.azure.com',
    'https://api.anthropic.com:443',
    'https://generativelanguage.googleapis.com',
    'https://us-central1-aiplatform.googleapis.com',
    'https://api.mistral.ai',
    'https://api.groq.com',
    'https://api.cohere.com',
    'https://bedrock-runtime.eu-west-1.amazonaws.com',
    'https://API.Cerebras.ai',
    'https://api.x.ai',
    'https://api.deepseek.com',
    'https://openrouter.ai',
    'https://api.together.xyz',
    'https://api.fireworks.ai',
    'https://api.perplexity.ai',
  ])('knows %s', (origin) => {
    expect(new ProviderHosts().of(origin).isProvider).toBe(true);
  });

  it.each([
    'https://example.com',
    'https://api.openai.com.evil.example',
    'https://evil-api.openai.com',
    'https://apixopenai.com',
    'https://s3.eu-west-1.amazonaws.com',
    'https://storage.googleapis.com',
    'http://localhost:11434',
    'not an address',
    '',
  ])('does not take %j for a provider', (origin) => {
    expect(new ProviderHosts().of(origin).isProvider).toBe(false);
  });

  it('knows the hosts of the option, with or without a port', () => {
    const hosts = new ProviderHosts(['LLM.example.com', '*.gateway.example', 'localhost:4000']);
    const known = (origin: string): boolean => hosts.of(origin).isProvider;
    expect(['https://llm.example.com:8443', 'https://a.gateway.example', 'http://localhost:4000'].map(known)).toEqual([
      true,
      true,
      true,
    ]);
    expect(['https://example.com', 'https://a.b.gateway.example', 'http://localhost:4001'].map(known)).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('names a host with its port where that is not the usual one, however many there are', () => {
    const hosts = new ProviderHosts();
    for (let index = 0; index < 2000; index++)
      expect(hosts.of(`http://h${index}.example:8080`).name).toBe(`h${index}.example:8080`);
    expect(hosts.of('https://api.openai.com:443').name).toBe('api.openai.com');
  });
});

describe('UntrackedRequests', () => {
  it('counts by host, at most a hundred and the rest together', () => {
    const untracked = new UntrackedRequests();
    for (let index = 0; index < 150; index++) untracked.count(`h${index}.example`);
    untracked.count('h0.example');
    const counts = untracked.counts();
    expect(Object.keys(counts)).toHaveLength(101);
    expect([counts['h0.example'], counts['__other__']]).toEqual([2, 50]);
    untracked.clear();
    expect(untracked.counts()).toEqual({});
  });
});
