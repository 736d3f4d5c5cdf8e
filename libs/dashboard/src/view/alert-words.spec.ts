import { alertWords } from './alert-words.js';

const told = (text: string, more: Partial<Parameters<typeof alertWords>[0]> = {}) => {
  const { title, value } = alertWords({ text, severity: 'warning', threshold: 5, comparison: '>', value: 12, ...more });
  return `${title} — ${value}`.replaceAll('\u202f', ' ');
};

describe('the words of an alert', () => {
  it('say what is wrong, and by how much', () => {
    expect(told('[warning] High error rate detected (12.4%) for openai')).toBe('High error rate — 12.4 % over 5 %');
    expect(told('[warning] Slow responses detected (5412 ms)', { threshold: 5000, value: 5412 })).toBe(
      'Slow responses — 5412 ms over 5 000 ms',
    );
    expect(told('[warning] Low cache hit rate detected (15.0%)', { threshold: 30, comparison: '<', value: 15 })).toBe(
      'Low cache hit rate — 15.0 % below 30 %',
    );
  });

  it('say that a value is fine again while its alert still fires', () => {
    expect(told('[warning] Low cache hit rate detected (42.3%)', { threshold: 30, comparison: '<', value: 42.3 })).toBe(
      'Low cache hit rate — 42.3 % again, fired below 30 %',
    );
  });

  it('say a threshold once, also where the text has it', () => {
    expect(
      told('[warning] High daily token usage detected (83.1%, threshold 80.0%)', { threshold: 80, value: 83 }),
    ).toBe('High daily token usage — 83.1 % over 80 %');
  });

  it('leave out a threshold that there is none of, and keep texts that they do not know whole', () => {
    expect(told('[warning] One operation costs nearly everything detected (93)', { threshold: null })).toBe(
      'One operation costs nearly everything — 93',
    );
    expect(alertWords({ text: '[warning] Something else (entirely)', severity: 'warning', threshold: 5 })).toEqual({
      title: 'Something else (entirely)',
      value: '',
    });
  });

  it('take a name with brackets and line breaks for part of what it is about', () => {
    expect(told('[warning] Slow operation detected (900 ms) for a (b)\nc', { threshold: null })).toBe(
      'Slow operation — 900 ms',
    );
  });
});
