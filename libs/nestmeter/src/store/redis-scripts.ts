import { readFileSync } from 'node:fs';
import type { RedisClient } from './redis-client.js';
import { type RedisConnection, unreachable } from './redis-connection.js';

/** What a script answers, in buffers. */
export type ScriptReply = (Buffer | ScriptReply | number)[];
/** A value handed to a script. */
export type ScriptArgument = string | number | Buffer;

const names = [
  'publish',
  'read',
  'parts',
  'fold',
  'seal',
  'claim',
  'release',
  'waiting',
  'dismiss',
  'slots',
  'prune',
  'quiet',
  'retire',
  'past',
  'note',
  'offer',
  'documents',
  'definitions',
  'forget',
  'reserve',
  'facts',
] as const;

/** Scripts in lua/, by file. */
export type ScriptName = (typeof names)[number];

type Command = (keyCount: number, ...args: ScriptArgument[]) => Promise<ScriptReply | Buffer | number>;

const commandOf = (name: ScriptName): string => `nm${name[0]!.toUpperCase()}${name.slice(1)}`;

/**
 * Each script tells the name of the call that it answers. Should an answer ever be taken for that of another call, by a
 * proxy in between or a client that lost count, states would be taken for stored that are not.
 */
const named = (lua: string): string =>
  `local call = table.remove(ARGV)\nlocal function run()\n${lua}\nend\nreturn { call, run() }`;

/** The scripts of the protocol on one connection. Each operation of the store is one of them. */
export class RedisScripts {
  #calls = 0;

  constructor(private readonly connection: RedisConnection) {}

  /** Makes the scripts known to a client, which sends each in full only once. */
  static define(client: RedisClient): void {
    for (const name of names) {
      const lua = readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
      client.defineCommand(commandOf(name), { lua: named(lua) });
    }
  }

  /** Runs a script. Rejects with NM_STORE_UNREACHABLE when its outcome is unknown. */
  async run(
    name: ScriptName,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<ScriptReply | Buffer | number> {
    const client = this.connection.client() as RedisClient & Record<string, Command>;
    try {
      const call = String(++this.#calls);
      const [answered, reply] = list(await client[`${commandOf(name)}Buffer`]!(keys.length, ...keys, ...args, call));
      if (text(answered) !== call) {
        this.connection.distrust();
        throw new Error('the answer to another call');
      }
      if (name === 'publish') this.connection.succeeded();
      return reply!;
    } catch (error) {
      if (name === 'publish') this.connection.failed(error);
      throw unreachable(error);
    }
  }
}

/** A reply as text; '' for none. */
export const text = (reply: ScriptReply[number] | undefined): string => String(reply ?? '');
/** A reply as a list; an empty one for anything else. */
export const list = (reply: ScriptReply[number] | undefined): ScriptReply => (Array.isArray(reply) ? reply : []);
/** A reply that is a list of twos, as pairs. */
export function pairs(reply: ScriptReply[number] | undefined): [ScriptReply[number], ScriptReply[number]][] {
  const flat = list(reply);
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at]!, flat[2 * at + 1]!]);
}
/** A reply that is a list of threes. */
export function threes(reply: ScriptReply[number] | undefined): ScriptReply[] {
  const flat = list(reply);
  return Array.from({ length: flat.length / 3 }, (_, at) => flat.slice(3 * at, 3 * at + 3));
}
/** A reply as a number; null for ''. */
export const numberOrNull = (reply: ScriptReply[number] | undefined): number | null =>
  text(reply) === '' ? null : Number(text(reply));
