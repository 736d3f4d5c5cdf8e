import { exclusion } from './exclusion.js';

describe('exclusion', () => {
  const byDefault = exclusion([], { probesToo: true, own: ['/performance', '/metrics'] });

  it.each([
    '/health',
    '/healthz',
    '/Health/live',
    '/health/ready',
    '/healthcheck',
    '/health-check',
    '/livez',
    '/readyz/db',
  ])('leaves out the probe %s', (path) => expect(byDefault(path, undefined)).toBe(true));

  it.each(['/health-plan', '/healthy-recipes', '/api/health', '/livezone', '/', '/readyzebra'])('counts %s', (path) =>
    expect(byDefault(path, undefined)).toBe(false),
  );

  it('leaves out whatever kube-probe asks', () => {
    expect(byDefault('/chat', 'kube-probe/1.31')).toBe(true);
    expect(byDefault('/chat', 'not kube-probe/1.31')).toBe(false);
  });

  it('counts probes when told so', () => {
    const all = exclusion([], { probesToo: false, own: [] });
    expect(all('/healthz', 'kube-probe/1.31')).toBe(false);
  });

  it('leaves out the own routes with all below, not what only begins alike', () => {
    expect(['/performance', '/performance/providers', '/metrics'].every((path) => byDefault(path, undefined))).toBe(
      true,
    );
    expect(byDefault('/performance-review', undefined)).toBe(false);
  });

  it('takes text in which * stands for anything, and everything else for itself', () => {
    const isExcluded = exclusion(['/internal/*', '/a.b', '*/ping'], { probesToo: false, own: [] });
    expect(['/internal/x/y', '/a.b', '/deep/ping'].map((path) => isExcluded(path, undefined))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['/internal', '/aXb', '/ping/x'].map((path) => isExcluded(path, undefined))).toEqual([false, false, false]);
  });

  it('takes regular expressions, also sticky and global ones, alike for every request', () => {
    const isExcluded = exclusion([/^\/assets\//gy], { probesToo: false, own: [] });
    for (let request = 0; request < 3; request++) expect(isExcluded('/assets/a.js', undefined)).toBe(true);
  });
});
