/** How Redis 6.2 begins an error of a command inside a script, the error's own words following. */
const scriptPrefix = /^ERR Error running script \(call to f_[0-9a-f]+\): (?:@user_script: ?\d+: )+-/;

/** What Redis said of a command, be it inside a script, beginning with the kind of error such as `OOM` or `READONLY`. */
export function wordsOfRedis(message: string): string {
  return message.replace(scriptPrefix, '');
}
