import fc from 'fast-check';
import { askedTokens } from './asked-tokens.js';

const messages = [{ role: 'user', content: 'Hello, wörld' }];

describe('the size that a call asks for', () => {
  it.each([
    ['openai', [{ model: 'gpt-4o', messages, max_completion_tokens: 100 }], 100],
    ['openai with choices', [{ model: 'gpt-4o', messages, max_tokens: 100, n: 3 }], 300],
    ['openai responses', [{ model: 'gpt-4o', input: 'Hello', max_output_tokens: 64 }, { signal: null }], 64],
    ['anthropic', [{ model: 'claude', max_tokens: 1024, messages, system: 'Be brief.' }], 1024],
    ['google', [{ model: 'gemini', contents: 'Hello', config: { maxOutputTokens: 256 } }], 256],
    ['bedrock', [{ modelId: 'x', messages: [{ role: 'user', content: [{ text: 'Hello' }] }], inferenceConfig: { maxTokens: 512 } }], 512], // prettier-ignore
    ['ollama', [{ model: 'llama', prompt: 'Hello', options: { num_predict: 128 } }], 128],
  ])('is in the arguments of %s', (_, args, mostOutput) => {
    expect(askedTokens(args)).toEqual({ mostOutput, textBytes: expect.any(Number) });
  });

  it('has at least as many bytes as all text, which has no more tokens than bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 20 }), (texts) => {
        const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
        expect(askedTokens([{ texts, max_tokens: 1 }])!.textBytes).toBeGreaterThanOrEqual(bytes);
      }),
    );
  });

  it.each([
    ['no limit of output', [{ messages }]],
    ['a limit that is none', [{ messages, max_tokens: -1 }]],
    ['no arguments', []],
    [
      'an image',
      [{ max_tokens: 5, messages: [{ content: [{ type: 'image_url', image_url: { url: 'https://a' } }] }] }],
    ],
    ['bytes', [{ max_tokens: 5, data: new Uint8Array(5) }]],
    ['an earlier answer that the provider keeps', [{ max_output_tokens: 5, input: 'x', previous_response_id: 'r' }]],
    ['a getter that throws', [Object.defineProperty({}, 'x', { enumerable: true, get: () => { throw new Error('no'); } })]], // prettier-ignore
  ])('is not told by %s', (_, args) => {
    expect(askedTokens(args)).toBeNull();
  });

  it('is not looked for in what goes round in circles or is too large', () => {
    const circle: Record<string, unknown> = { max_tokens: 5 };
    circle['self'] = circle;
    expect(askedTokens([circle])).toBeNull();
    expect(askedTokens([{ max_tokens: 5, texts: Array.from({ length: 30_000 }, () => 'x') }])).toBeNull();
    expect(askedTokens([{ max_tokens: 5, text: 'x'.repeat(5 << 20), more: 'x' }])).toBeNull();
  });
});
