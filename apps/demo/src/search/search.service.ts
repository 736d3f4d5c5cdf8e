import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { PerformanceMonitor, TrackOperation } from 'nestmeter';
import { SeededRandom } from '../seeded-random.js';
import { type Settings, SETTINGS } from '../settings.js';
import { HELP_ARTICLES } from './help-articles.js';
import { ResultCache } from './result-cache.js';

/** An article found, the best first. */
export interface SearchResult {
  readonly title: string;
  /** Likeness from 0 to 1. */
  readonly score: number;
}

const DIMENSIONS = 64;
const CANDIDATES = 8;
const RESULTS = 3;
const CACHED_QUERIES = 100;

/** Searches the help articles as a service with a vector index would: real steps, with the latencies they have elsewhere. */
@Injectable()
export class SearchService {
  private readonly random: SeededRandom;
  private readonly cache = new ResultCache<SearchResult[]>(CACHED_QUERIES);
  private readonly index = HELP_ARTICLES.map((title) => ({ title, vector: vectorOf(title) }));

  constructor(
    private readonly monitor: PerformanceMonitor,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.random = new SeededRandom(settings.seed);
  }

  /** The best articles for a query. The three steps become components of this operation because they run inside it. */
  @TrackOperation('search')
  async search(query: string): Promise<SearchResult[]> {
    const key = query.toLowerCase();
    const known = this.cache.get(key);
    this.monitor.recordCache('search_results', known !== undefined);
    if (known) return known;
    const vector = await this.embed(key);
    const results = await this.rerank(key, await this.nearest(vector));
    this.cache.set(key, results);
    return results;
  }

  @TrackOperation('embedding_generation')
  async embed(text: string): Promise<number[]> {
    await this.latency(45);
    return vectorOf(text);
  }

  @TrackOperation('vector_search')
  async nearest(vector: readonly number[]): Promise<SearchResult[]> {
    await this.latency(18);
    const scored = this.index.map((article) => ({ title: article.title, score: dot(vector, article.vector) }));
    return scored.sort(byScore).slice(0, CANDIDATES);
  }

  @TrackOperation('rerank')
  async rerank(query: string, candidates: readonly SearchResult[]): Promise<SearchResult[]> {
    await this.latency(60);
    const words = query.split(/\W+/);
    const bonus = (title: string): number => words.filter((word) => title.toLowerCase().includes(word)).length;
    const scored = candidates.map(({ title, score }) => ({
      title,
      score: Number(((score + bonus(title) / words.length) / 2).toFixed(3)),
    }));
    return scored.sort(byScore).slice(0, RESULTS);
  }

  private latency(medianMs: number): Promise<void> {
    return sleep(this.random.lognormal(medianMs, 0.4));
  }
}

/** A unit vector of hashed letter triples: texts with common parts of words lie close to each other. */
function vectorOf(text: string): number[] {
  const vector = new Array<number>(DIMENSIONS).fill(0);
  const letters = ` ${text.toLowerCase()} `;
  for (let at = 0; at + 3 <= letters.length; at++) {
    const hash = letters.charCodeAt(at) * 961 + letters.charCodeAt(at + 1) * 31 + letters.charCodeAt(at + 2);
    vector[hash % DIMENSIONS]! += 1;
  }
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * b[at]!, 0);
}

function byScore(a: SearchResult, b: SearchResult): number {
  return b.score - a.score;
}
