/**
 * Makes sure that a `redis-server` binary is there before the tests start, because they run against a real Redis:
 * on PATH it is taken as it is; as root on a system with apt-get it is installed; else the run stops with one line.
 */
import { spawnSync } from 'node:child_process';

const has = (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

/** Runs a command with its output shown, without stdin, and says whether it succeeded. */
const run = (program, args) =>
  spawnSync(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0;

function install() {
  if (process.getuid?.() !== 0 || !has('apt-get')) return false;
  console.log('redis-server is missing; installing it with apt-get.');
  // A stale or partly unreachable package list may still be enough, so a failed update does not stop the install.
  run('apt-get', ['update']);
  run('apt-get', ['install', '--yes', '--no-install-recommends', 'redis-server']);
  return has('redis-server');
}

if (!has('redis-server') && !install()) {
  console.error(
    'The tests need `redis-server` on PATH, and it is missing. Install it: `sudo apt-get install redis-server` (Debian, Ubuntu), `brew install redis` (macOS).',
  );
  process.exit(1);
}
