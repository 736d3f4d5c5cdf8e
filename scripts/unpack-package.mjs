/** Unpacks Debian packages beside node_modules, which starts no service and needs no root. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a package is or would be: its files from `/` on are in there. */
export const unpackedFolder = (name) => fileURLToPath(new URL(`../node_modules/.cache/${name}/`, import.meta.url));

/** Whether a program is on PATH, or at a path. */
export const isProgram = (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

/** Runs a command in a folder with its output shown, without stdin, and says whether it succeeded. */
const run = (folder, program, args) =>
  spawnSync(program, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;

/** Puts the files of a package into {@link unpackedFolder}. @returns false where that is not possible, as without apt-get */
export function unpackPackage(name) {
  if (!isProgram('apt-get') || !isProgram('dpkg-deb')) return false;
  console.log(`${name} is missing; unpacking it with apt-get.`);
  const folder = mkdtempSync(join(tmpdir(), `nestmeter-${name}-`));
  try {
    // As root the folder of a download must be open to the user that apt-get works as, or it complains.
    const download = () => run(folder, 'apt-get', ['download', '--option', 'APT::Sandbox::User=root', name]);
    // Package lists that are there may be enough; only root may renew them.
    if (!download() && !(run(folder, 'apt-get', ['update']) && download())) return false;
    const [file] = readdirSync(folder).filter((one) => one.endsWith('.deb'));
    if (!run(folder, 'dpkg-deb', ['--extract', file, join(folder, 'package')])) return false;
    const unpacked = unpackedFolder(name);
    rmSync(unpacked, { recursive: true, force: true });
    mkdirSync(join(unpacked, '..'), { recursive: true });
    return run(folder, 'cp', ['--recursive', join(folder, 'package'), unpacked]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
