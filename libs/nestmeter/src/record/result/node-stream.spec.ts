import { once } from 'node:events';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { RecordedResult } from '../../../../../test/fixtures/recorded-result.js';
import { observeResult } from '../observe-result.js';

const chunks = ['a', 'b', 'c'];
const collector = (seen: string[]): Writable =>
  new Writable({
    objectMode: true,
    write(chunk: string, _encoding, done) {
      seen.push(chunk);
      done();
    },
  });

describe('a watched Node stream', () => {
  it.each<[string, (stream: Readable) => Promise<unknown[]>]>([
    ['for await', (stream) => stream.toArray()],
    [
      'data events',
      async (stream) => {
        const seen: unknown[] = [];
        stream.on('data', (chunk) => seen.push(chunk));
        await once(stream, 'end');
        return seen;
      },
    ],
    [
      'read()',
      async (stream) => {
        const seen: unknown[] = [];
        stream.on('readable', () => {
          for (let chunk: unknown = stream.read(); chunk !== null; chunk = stream.read()) seen.push(chunk);
        });
        await once(stream, 'end');
        return seen;
      },
    ],
    [
      'pipeline',
      async (stream) => {
        const seen: string[] = [];
        await pipeline(stream, collector(seen));
        return seen;
      },
    ],
  ])('tells each chunk and the end when read by %s', async (_name, consume) => {
    const stream = Readable.from(chunks);
    const observer = new RecordedResult();
    expect(observeResult(stream, observer)).toBe(stream);
    expect(await consume(stream)).toEqual(chunks);
    expect(observer.items).toEqual(chunks);
    expect(observer.names).toEqual(['unread', 'streaming', 'item', 'item', 'item', 'end ended']);
  });

  it('does not flow and has no listener of ours', async () => {
    const stream = observeResult(Readable.from(chunks), new RecordedResult());
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(stream.readableFlowing).toBeNull();
    expect(stream.eventNames()).toEqual(Readable.from(chunks).eventNames());
    expect(stream.readableDidRead).toBe(false);
  });

  it('is stopped when the consumer leaves the loop or destroys it', async () => {
    const leave = async (stream: Readable): Promise<void> => {
      for await (const _chunk of stream) break;
    };
    const destroy = async (stream: Readable): Promise<void> => {
      stream.destroy();
      await once(stream, 'close');
    };
    for (const stop of [leave, destroy]) {
      const observer = new RecordedResult();
      const stream = observeResult(Readable.from(chunks), observer);
      await stop(stream);
      expect(observer.names.at(-1)).toBe('end stopped');
      expect(stream.destroyed).toBe(true);
    }
  });

  it('tells the very error that it fails with', async () => {
    const error = new Error('cut');
    const observer = new RecordedResult();
    const stream = observeResult(Readable.from(chunks), observer);
    stream.once('data', () => stream.destroy(error));
    await once(stream, 'error');
    expect(observer.told.at(-1)).toEqual(['error', error]);
  });

  it('is a value if it is a connection, and a stream if it only transforms', () => {
    const duplex = new Duplex({ read() {}, write() {} });
    const [connection, transform] = [new RecordedResult(), new RecordedResult()];
    observeResult(duplex, connection);
    observeResult(new PassThrough(), transform);
    expect(connection.told).toEqual([['value', duplex]]);
    expect(transform.told).toEqual([['unread', 'hot']]);
  });
});
