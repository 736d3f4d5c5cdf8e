import type { Settings } from './settings.js';

/** What the demo prints when it is ready: where it runs, what to open and what to curl. */
export function introduction(urls: readonly string[], settings: Settings): string {
  const [first] = urls;
  const question = '{"provider":"openai","model":"gpt-4o-mini","message":"Where is my order?"}';
  const isOpen = settings.readToken === null && settings.writeToken === null;
  const credentials = isOpen ? '' : '-H "authorization: Bearer $READ_TOKEN" ';
  const curls = [
    ...urls.map((url) => `curl -s ${credentials}${url}/performance/providers`),
    `curl -s ${credentials}${first}/performance/endpoints`,
    `curl -s '${first}/search?q=refund'`,
    `curl -s ${first}/chat -H 'content-type: application/json' -d '${question}'`,
  ];
  return [
    `Nestmeter demo on ${urls.join(', ')}`,
    `  numbers    ${settings.redisUrl === null ? 'in memory' : `shared through Redis at ${new URL(settings.redisUrl).host}`}`,
    `  providers  openai ${source(settings.openaiApiKey)}, anthropic ${source(settings.anthropicApiKey)}`,
    `  traffic    ${settings.traffic ? `${settings.rate} requests per second to each replica, seed ${settings.seed}` : 'off'}`,
    '',
    `Open  ${first}/performance/${isOpen ? '' : ' and log in with READ_TOKEN or WRITE_TOKEN'}`,
    ...curls.map((curl, at) => `${at === 0 ? 'Curl' : '    '}  ${curl}`),
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}

function source(apiKey: string | null): string {
  return apiKey === null ? 'simulated' : 'real, paid by your key';
}
