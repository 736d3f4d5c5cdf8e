import { anthropicMessages } from './anthropic-messages.js';
import { foldExtracted, type AnswerReader, type ExtractAnswer, type LLMAnswer, type StreamedAnswer } from './answer.js';
import { bedrockConverse } from './bedrock-converse.js';
import { cohere } from './cohere.js';
import { googleGenai } from './google-genai.js';
import { googleInteractions } from './google-interactions.js';
import { groq } from './groq.js';
import { langchain } from './langchain.js';
import { mistral } from './mistral.js';
import { ollama } from './ollama.js';
import { openaiChat } from './openai-chat.js';
import { openaiEmbeddings } from './openai-embeddings.js';
import { openaiResponses } from './openai-responses.js';
import { vercelAi } from './vercel-ai.js';
import { isObject, ownObject } from './own-value.js';

/**
 * Every reader, asked in this order; the first that recognises a value reads it. A more specific shape stands before the one
 * that it copies: Groq and Mistral answer with OpenAI's `object` and more. No other two readers know the same shape.
 */
export const answerReaders: readonly AnswerReader[] = [
  groq,
  mistral,
  openaiChat,
  openaiResponses,
  openaiEmbeddings,
  anthropicMessages,
  googleGenai,
  googleInteractions,
  cohere,
  bedrockConverse,
  vercelAi,
  langchain,
  ollama,
];

/** Where applications and SDKs put an answer inside another object; nothing else is ever opened. */
const wrappers = ['data', 'response', 'message', 'raw', 'result'] as const;

const maxWrappers = 2;

/** After this many items of no known shape a stream is taken as unknown, and further items cost nothing. */
const maxUnrecognisedItems = 16;

/**
 * Reads what an LLM call returned, also inside up to two of the wrappers `data`, `response`, `message`, `raw` and
 * `result`. What `extract` finds wins, field by field, over what a reader found.
 *
 * @returns null if no reader knows the value and `extract` found nothing. Never throws, never calls a getter.
 */
export function readAnswer(value: unknown, extract?: ExtractAnswer): LLMAnswer | null {
  const read = readGuarded(value);
  if (extract === undefined) return read;
  const known = read ?? {};
  return foldExtracted(extract, value, known) ? known : read;
}

/**
 * Reads a stream item by item. One instance per stream, owned by who watches the stream.
 *
 * The reader is picked at the first item that one recognises and then fixed, so an item costs only a few property reads.
 */
export class StreamReader {
  /** What the stream said so far: always this object, changed in place. */
  readonly answer: StreamedAnswer = { contentSeen: false, terminal: false };

  #reader: AnswerReader | null = null;
  #unrecognisedItems = 0;
  readonly #extract: ExtractAnswer | undefined;

  /** @param extract called with every item; what it finds wins over what a reader found in that item. */
  constructor(extract?: ExtractAnswer) {
    this.#extract = extract;
  }

  /**
   * Whether a reader knows the shape of this stream. If not, `contentSeen` and `terminal` stay false and say nothing:
   * take the first item as the first token, and the end of the stream as a good end.
   */
  get recognised(): boolean {
    return this.#reader !== null;
  }

  /** Name of the reader that knows the shape of this stream; `unknown` while none does. */
  get shape(): string {
    return this.#reader?.name ?? 'unknown';
  }

  /** Takes the next item of the stream. Never throws, keeps nothing of the item but the fields of `answer`. */
  item(item: unknown): void {
    try {
      if (isObject(item)) this.#readerFor(item)?.readItem(item, this.answer);
    } catch {
      // A hostile item (a revoked Proxy, an array with throwing elements) says nothing.
    }
    if (this.#extract !== undefined) foldExtracted(this.#extract, item, this.answer);
  }

  #readerFor(item: object): AnswerReader | null {
    if (this.#reader === null && this.#unrecognisedItems < maxUnrecognisedItems) {
      this.#reader = answerReaders.find((reader) => reader.recognisesItem(item)) ?? null;
      if (this.#reader === null) this.#unrecognisedItems++;
    }
    return this.#reader;
  }
}

function readGuarded(value: unknown): LLMAnswer | null {
  try {
    return isObject(value) ? readWrapped(value, maxWrappers) : null;
  } catch {
    return null;
  }
}

function readWrapped(value: object, wrappersLeft: number): LLMAnswer | null {
  for (const reader of answerReaders) {
    if (reader.recognises(value)) return reader.read(value);
  }
  if (wrappersLeft === 0) return null;
  for (const wrapper of wrappers) {
    const inner = ownObject(value, wrapper);
    const answer = inner && readWrapped(inner, wrappersLeft - 1);
    if (answer) return answer;
  }
  return null;
}
