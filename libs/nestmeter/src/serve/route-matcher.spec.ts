import { defineRoute, noQuery } from './route.js';
import { RouteMatcher } from './route-matcher.js';

const route = (path: string) =>
  defineRoute({ path, summary: '', query: noQuery, handle: async () => ({ kind: 'json', value: null }) });
const matcher = new RouteMatcher([route('/providers'), route('/alerts/:id/acknowledge')], '/performance', {
  '/metrics': '/providers',
});

describe('RouteMatcher', () => {
  it('owns what lies under the prefix and aliases, and nothing beside', () => {
    for (const url of [
      '/performance',
      '/performance/',
      '/performance?x',
      '/performance/any/thing',
      '/metrics',
      '/metrics/?a=/',
    ])
      expect([url, matcher.owns(url)]).toEqual([url, true]);
    for (const url of [
      '/',
      '/performances',
      '/performance%2fproviders',
      '/PERFORMANCE',
      '/api/performance',
      '/metrics/x',
      '//performance',
    ])
      expect([url, matcher.owns(url)]).toEqual([url, false]);
  });

  it('matches paths as they came, with or without a slash at the end', () => {
    const found = (url: string) => matcher.match(url).matches.map(({ route: { path } }) => path);
    for (const url of [
      '/performance/providers',
      '/performance/providers/',
      '/performance/providers?window=1h',
      '/metrics',
    ])
      expect([url, found(url)]).toEqual([url, ['/providers']]);
    for (const url of [
      '/performance/Providers',
      '/performance//providers',
      '/performance/providers//',
      '/performance/%70roviders',
      '/performance/./providers',
      '/performance/..;/providers',
      '/performance/providers%2f',
      '/performance/providers/more',
      '/performance',
    ])
      expect([url, found(url)]).toEqual([url, []]);
  });

  it('finds the route at the prefix itself, but not with slashes too many', () => {
    const root = new RouteMatcher([route('/')], '/performance', { '/dash': '/' });
    const found = (url: string) => root.match(url).matches.length;
    for (const url of ['/performance', '/performance/', '/performance?x', '/performance/?x', '/dash', '/dash/'])
      expect([url, found(url)]).toEqual([url, 1]);
    for (const url of ['/performance//', '/performance/x', '/dash//', '/']) expect([url, found(url)]).toEqual([url, 0]);
  });

  it('gives the open parts of a path, decoded', () => {
    const [match] = matcher.match('/performance/alerts/a%2Fb/acknowledge?x=1').matches;
    expect({ ...match!.parts }).toEqual({ id: 'a/b' });
    expect(matcher.match('/performance/alerts/%/acknowledge').matches).toEqual([]);
    expect(matcher.match('/performance/alerts//acknowledge').matches).toEqual([]);
  });
});
