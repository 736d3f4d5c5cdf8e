/*
 * The next line of code to write where there is nothing to show yet.
 */

/** For endpoints. */
export const endpointCode = `@Module({ imports: [PerformanceModule.forRoot({ app: 'chat' })] })
export class AppModule {}`;

/** For operations. */
export const operationCode = `@TrackOperation('qa.answer')
async answer(question: string) { … }`;

/** For LLM calls. */
export const providerCode = `@TrackLLMCall({ provider: 'openai', model: (model: string) => model })
ask(model: string, content: string) {
  return this.openai.chat.completions.create({ model, messages: [{ role: 'user', content }] });
}`;

/** For stages. */
export const stageCode = `monitor.recordStage('classify', durationMs, { success: true });`;

/** For caches. */
export const cacheCode = `monitor.recordCache('search_results', hit);`;

/** For queues. */
export const queueCode = `monitor.recordQueueDepth('documents', waiting.length);`;

/** For tags of usage. */
export const tagCode = `PerformanceModule.forRoot({ app: 'chat', tags: ['tenant'] });
monitor.tag({ tenant: 'acme' });`;

/** For prices of models. */
export const priceCode = `npm install @pydantic/genai-prices

PerformanceModule.forRoot({
  prices: {
    openai: {
      'ft:support-2': { inputPerMillion: 3, outputPerMillion: 12 },
    },
  },
})`;

/** For channels of alerts. */
export const channelCode = `PerformanceModule.forRoot({
  alerts: {
    channels: [{ name: 'chat', kind: 'slack', urlFrom: { env: 'SLACK_URL' } }],
  },
})`;
