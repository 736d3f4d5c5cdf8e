import { isSkipped, SkipTracking, TrackOperation } from './decorators.js';

describe('@SkipTracking()', () => {
  it('marks a method under and above other decorators, and a class with all that extend it', () => {
    class Handlers {
      @SkipTracking()
      @TrackOperation()
      above(): void {}

      @TrackOperation()
      @SkipTracking()
      below(): void {}

      @SkipTracking()
      static make(): void {}

      kept(): void {}
    }
    @SkipTracking()
    class Skipped {
      handler(): void {}
    }
    class AlsoSkipped extends Skipped {}
    const { above, below, kept } = Handlers.prototype;
    expect([above, below, Handlers.make].map((handler) => isSkipped(handler, Handlers))).toEqual([true, true, true]);
    expect(isSkipped(kept, Handlers)).toBe(false);
    expect(isSkipped(AlsoSkipped.prototype.handler, AlsoSkipped)).toBe(true);
    expect(isSkipped(undefined, null, 'text')).toBe(false);
  });

  it('marks what a standard decorator gets', () => {
    const handler = (): void => {};
    (SkipTracking() as (target: object, context: object) => void)(handler, { kind: 'method', name: 'handler' });
    expect(isSkipped(handler)).toBe(true);
  });
});
