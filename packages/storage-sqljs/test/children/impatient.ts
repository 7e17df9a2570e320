/**
 * For `--import`: pauses of `node:timers/promises` take no time in the process and in its threads, so that
 * nobody waits there for a lock as long as a storage does.
 */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

Object.assign(timers, { setTimeout: () => timers.setImmediate() });
syncBuiltinESMExports();
