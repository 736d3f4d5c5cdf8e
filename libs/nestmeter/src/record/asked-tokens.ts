/** What the arguments of a call tell of its size before it is made. */
export interface AskedTokens {
  /** Bytes of all text in the arguments; no tokenizer makes more tokens of it. */
  readonly textBytes: number;
  /** The most output that the provider is asked for, of all choices together. */
  readonly mostOutput: number;
}

/** Names under which SDKs take the most output tokens. */
const outputLimits = new Set([
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'maxTokens',
  'maxCompletionTokens',
  'maxOutputTokens',
  'maxNewTokens',
  'num_predict',
]);
/** Names under which SDKs take how many answers are asked for. */
const choiceCounts = new Set(['n', 'numChoices', 'candidateCount']);

/** What stands for more tokens than its text has: media, files, and what the provider keeps. */
const opaqueNames = new Set([
  'image',
  'image_url',
  'input_image',
  'input_audio',
  'inlineData',
  'fileData',
  'file',
  'file_id',
  'file_url',
  'file_data',
  'source',
  'previous_response_id',
  'conversation',
  'cachedContent',
]);

const deepest = 12;
const mostValues = 20_000;
const mostBytes = 4 << 20;
/** What roles, names and separators of one value add. */
const bytesPerText = 16;

/**
 * The size that arguments ask for: null when they limit no output, have media or files, or are too large to look through.
 * Looks at plain objects and arrays only, and never throws. Takes about as long as `JSON.stringify`.
 */
export function askedTokens(args: readonly unknown[]): AskedTokens | null {
  const seen = { textBytes: 0, values: 0, mostOutput: null as number | null, choices: 1 };
  const isWhole = (value: unknown): value is number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
  /** @returns false when it is too much, or nothing whose size can be told */
  const look = (value: unknown, depth: number): boolean => {
    if (++seen.values > mostValues || seen.textBytes > mostBytes || depth > deepest) return false;
    if (typeof value === 'string') {
      seen.textBytes += Buffer.byteLength(value) + bytesPerText;
      return true;
    }
    if (Array.isArray(value)) return value.every((entry) => look(entry, depth + 1));
    if (typeof value !== 'object' || value === null) return true;
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof Blob) return false;
    if (!isPlain(value)) return true;
    for (const [name, entry] of Object.entries(value)) {
      if (opaqueNames.has(name) && entry != null) return false;
      if (outputLimits.has(name) && isWhole(entry)) seen.mostOutput = Math.max(seen.mostOutput ?? 0, entry);
      else if (choiceCounts.has(name) && isWhole(entry)) seen.choices = Math.max(seen.choices, entry);
      else {
        seen.textBytes += name.length;
        if (!look(entry, depth + 1)) return false;
      }
    }
    return true;
  };
  try {
    if (!look(args, 0) || seen.mostOutput === null) return null;
  } catch {
    return null;
  }
  return { textBytes: seen.textBytes, mostOutput: seen.mostOutput * seen.choices };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
