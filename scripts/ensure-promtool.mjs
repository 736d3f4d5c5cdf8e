/**
 * Makes sure that `prometheus` and `promtool` are there before the tests start, because they check the files in deploy/
 * with the real ones: on PATH they are taken as they are; on a system with apt-get they are unpacked beside node_modules,
 * which starts no service and needs no root; else the run stops with one line.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where an unpacked package is: `usr/bin/prometheus` and `usr/bin/promtool` in it. */
const unpacked = fileURLToPath(new URL('../node_modules/.cache/prometheus/', import.meta.url));
const programs = ['prometheus', 'promtool'];

const has = (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

/** Runs a command in a folder with its output shown, without stdin, and says whether it succeeded. */
const run = (folder, program, args) =>
  spawnSync(program, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;

function unpack() {
  if (!has('apt-get') || !has('dpkg-deb')) return false;
  console.log('prometheus is missing; unpacking it with apt-get.');
  const folder = mkdtempSync(join(tmpdir(), 'nestmeter-prometheus-'));
  // As root the folder of a download must be open to the user that apt-get works as, or it complains.
  const download = () => run(folder, 'apt-get', ['download', '--option', 'APT::Sandbox::User=root', 'prometheus']);
  // Package lists that are there may be enough; only root may renew them.
  if (!download() && !(run(folder, 'apt-get', ['update']) && download())) return false;
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  if (!run(folder, 'dpkg-deb', ['--extract', file, join(folder, 'package')])) return false;
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(join(unpacked, '..'), { recursive: true });
  if (!run(folder, 'cp', ['--recursive', join(folder, 'package'), unpacked])) return false;
  rmSync(folder, { recursive: true });
  return programs.every((program) => has(join(unpacked, 'usr/bin', program)));
}

const isUnpacked = programs.every((program) => existsSync(join(unpacked, 'usr/bin', program)));
if (!programs.every(has) && !isUnpacked && !unpack()) {
  console.error(
    'The tests need `prometheus` and `promtool` on PATH, and they are missing. Install them: `sudo apt-get install prometheus` (Debian, Ubuntu), `brew install prometheus` (macOS).',
  );
  process.exit(1);
}
