import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Bytes of one write, and of one read. */
const writeBytes = 256 << 10;
const readPieceBytes = 1 << 20;

/**
 * Reads at most so many bytes of a file, piece by piece into one buffer: joining the pieces of a large file would hold up
 * the event loop.
 */
export async function readBytes(path: string, mostBytes: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(mostBytes);
    let length = 0;
    while (length < mostBytes) {
      const { bytesRead } = await file.read(bytes, length, Math.min(readPieceBytes, mostBytes - length), length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}

/** How a file is replaced. */
export interface Replacement {
  readonly path: string;
  /** Where it is written first, in the same folder. What is left there of an earlier attempt goes. */
  readonly temporary: string;
  /** Made piece by piece while the disk takes those before. */
  readonly pieces: Iterable<Buffer>;
  /** Bytes past which it rejects. */
  readonly mostBytes: number;
}

/**
 * Writes a file wholly or not at all: whoever reads it, also after a crash, finds the old one or the new one. Readable by
 * its owner only. Gives way to the event loop after each 256 KiB. Rejects with what the disk says, and leaves nothing
 * behind.
 *
 * @returns bytes written
 */
export async function replaceFile({ path, temporary, pieces, mostBytes }: Replacement): Promise<number> {
  await removeFile(temporary);
  // Exclusive: never through a link that somebody put there.
  const file = await open(temporary, 'wx', 0o600);
  try {
    let bytes: number;
    try {
      bytes = await writeAll(file, pieces, mostBytes);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await synchroniseFolder(path);
    return bytes;
  } catch (error) {
    await removeFile(temporary).catch(() => {});
    throw error;
  }
}

async function writeAll(file: FileHandle, pieces: Iterable<Buffer>, mostBytes: number): Promise<number> {
  let total = 0;
  let waiting: Buffer[] = [];
  let size = 0;
  const write = async (): Promise<void> => {
    total += size;
    if (total > mostBytes) throw new RangeError(`it would be larger than ${mostBytes} bytes`);
    await file.writeFile(Buffer.concat(waiting));
    [waiting, size] = [[], 0];
  };
  for (const piece of pieces) {
    waiting.push(piece);
    size += piece.length;
    if (size >= writeBytes) await write();
  }
  await write();
  await file.sync();
  return total;
}

/** Makes the new name last over a power failure, where folders can be synchronised. */
async function synchroniseFolder(path: string): Promise<void> {
  try {
    const folder = await open(dirname(path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    // Not on Windows, and not on every file system: the file itself is written.
  }
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
