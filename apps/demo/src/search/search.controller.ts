import { Controller, Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { type SearchResult, SearchService } from './search.service.js';

const searchQuery = z.object({ q: z.string().trim().min(1).max(200) });

/** GET /search?q=: the help articles that fit best. */
@Controller('search')
export class SearchController {
  constructor(private readonly search: SearchService) {}

  @Get()
  async get(
    @Query({ schema: searchQuery }) { q }: z.infer<typeof searchQuery>,
  ): Promise<{ query: string; results: SearchResult[] }> {
    return { query: q, results: await this.search.search(q) };
  }
}
