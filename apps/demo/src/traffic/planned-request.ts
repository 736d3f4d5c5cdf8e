import type { SeededRandom } from '../seeded-random.js';

/** A request that the traffic generator is about to send. */
export interface PlannedRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  /** Whether the client hangs up after the first bytes of the answer. */
  readonly leavesEarly: boolean;
}

/** What clients do, by weight. */
const KINDS = { chat: 68, search: 24, document: 6, lost: 1, invalid: 1 };
const MODELS = {
  'openai gpt-4o-mini': 38,
  'openai gpt-4.1': 17,
  'anthropic claude-haiku-4-5': 22,
  'anthropic claude-sonnet-4-6': 17,
  'openai ft:acme-support-2': 6,
};
const STREAMED_SHARE = 0.4;
/** Of those who are streamed an answer. */
const LEAVING_SHARE = 0.02;
const DISTINCT_QUERIES = 600;

const QUESTIONS = [
  'Where is my order?',
  'Can I still change the delivery address?',
  'The shoes are too small, what now?',
  'How long does a refund take after you have received the parcel?',
  'Which of your jackets would you take to Norway in October, and why?',
  'My discount code is refused at checkout although it is valid until Sunday.',
];
const SUBJECTS = [
  'order',
  'refund',
  'parcel',
  'invoice',
  'voucher',
  'password',
  'delivery',
  'warranty',
  'size',
  'shop',
];

/** Draws the next request: a mix of chats over all models, searches with a few favourites, documents and mistakes. */
export function planRequest(random: SeededRandom): PlannedRequest {
  const kind = random.weighted(KINDS);
  switch (kind) {
    case 'chat': {
      const [provider, model] = random.weighted(MODELS).split(' ');
      const stream = random.chance(STREAMED_SHARE);
      const leavesEarly = stream && random.chance(LEAVING_SHARE);
      return { ...post('/chat', { provider, model, message: random.pick(QUESTIONS), stream }), leavesEarly };
    }
    case 'search': {
      const rank = random.zipf(DISTINCT_QUERIES);
      const query = `${SUBJECTS[rank % SUBJECTS.length]} ${Math.floor(rank / SUBJECTS.length)}`;
      return get(`/search?q=${encodeURIComponent(query)}`);
    }
    case 'document':
      return post('/documents', { text: `Letter of a customer: ${random.pick(QUESTIONS)}` });
    case 'lost':
      return get(random.pick(['/wp-login.php', '/favicon.ico', '/chat', '/.env']));
    case 'invalid':
      return random.chance(0.5) ? get('/search') : post('/chat', { provider: 'openai', message: '' });
  }
}

function get(path: string): PlannedRequest {
  return { method: 'GET', path, leavesEarly: false };
}

function post(path: string, body: object): PlannedRequest {
  return { method: 'POST', path, body, leavesEarly: false };
}
