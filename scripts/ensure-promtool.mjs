/**
 * Makes sure that `prometheus` and `promtool` are there before the tests start, because they check the files in deploy/
 * with the real ones: on PATH they are taken as they are; on a system with apt-get they are unpacked beside node_modules;
 * else the run stops with one line.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isProgram, unpackedFolder, unpackPackage } from './unpack-package.mjs';

const programs = ['prometheus', 'promtool'];
const unpacked = programs.map((program) => join(unpackedFolder('prometheus'), 'usr/bin', program));

const isThere = programs.every(isProgram) || unpacked.every(existsSync);
if (!isThere && !(unpackPackage('prometheus') && unpacked.every(isProgram))) {
  console.error(
    'The tests need `prometheus` and `promtool` on PATH, and they are missing. Install them: `sudo apt-get install prometheus` (Debian, Ubuntu), `brew install prometheus` (macOS).',
  );
  process.exit(1);
}
