import { Recording } from '../../../../test/fixtures/recording.js';
import { componentFamily, operationFamily } from '../accumulate/families.js';

describe('the handles that a recorder resolved before', () => {
  let recording: Recording;

  beforeEach(() => {
    recording = new Recording();
  });

  afterEach(() => recording.close());

  it('are the same as those of the accumulator, and asked of it once', () => {
    const { recorder, accumulator } = recording;
    const first = recorder.series(componentFamily, 'a', 'b');
    expect(first).toBe(accumulator.series(componentFamily, ['a', 'b']));
    let asked = 0;
    accumulator.series = () => (asked++, first);
    expect(recorder.series(componentFamily, 'a', 'b')).toBe(first);
    expect(asked).toBe(0);
    recorder.series(componentFamily, 'b', 'a');
    recorder.series(operationFamily, 'a');
    expect(asked).toBe(2);
  });

  it('tell labels apart that would share a key, and leave cleaning to the accumulator', () => {
    const { recorder } = recording;
    const labels = ['a', 'a\0b', '\ud800', 'x'.repeat(300), '', '7'];
    const resolve = () => labels.map((label) => recorder.series(operationFamily, label));
    expect(resolve()).toEqual(resolve());
    expect(new Set(resolve()).size).toBe(labels.length);
    expect(recorder.series(operationFamily, 7)).toBe(recorder.series(operationFamily, '7'));
  });

  it('leave out what a cap, a rule or a filter refused, so that it stays counted', () => {
    const { recorder, accumulator } = recording;
    for (let round = 0; round < 2; round++) recorder.series(operationFamily, '__reserved');
    expect(accumulator.handles.counts.refusedLabels).toBe(2);
    for (let index = 0; index < 1500; index++) recorder.series(operationFamily, `o${index}`);
    const { cappedSeries } = accumulator.handles.counts;
    recorder.series(operationFamily, 'o1499');
    expect(accumulator.handles.counts.cappedSeries).toBe(cappedSeries + 1);
  });

  it('stay valid when everything is forgotten', () => {
    const { recorder, accumulator, clock } = recording;
    recorder.series(operationFamily, 'a').open(clock.monotonicMs()).count(operationFamily.counter.calls);
    accumulator.clear();
    recorder.series(operationFamily, 'a').open(clock.monotonicMs()).count(operationFamily.counter.calls);
    expect(recording.count(operationFamily, ['a'], 'calls')).toBe(1);
  });
});
