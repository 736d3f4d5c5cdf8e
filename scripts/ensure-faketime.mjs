/**
 * Makes sure that libfaketime is there before the tests start, because they set the clocks of a real Redis and of whole
 * processes with it: NESTMETER_TEST_LIBFAKETIME names it, or it is unpacked beside node_modules on a system with apt-get.
 * Else the run goes on after one line, and the tests that need it will fail.
 */
import { existsSync } from 'node:fs';
import { unpackedFolder, unpackPackage } from './unpack-package.mjs';

const isThere = process.env.NESTMETER_TEST_LIBFAKETIME || existsSync(unpackedFolder('libfaketime'));
if (!isThere && !unpackPackage('libfaketime'))
  console.error(
    'Tests that set clocks need libfaketime, and will fail without. On Linux install it (`sudo dnf install libfaketime`) and name it: NESTMETER_TEST_LIBFAKETIME=/usr/lib64/faketime/libfaketimeMT.so.1',
  );
