/* Talking to the processes that a bench starts. */

/** The next message of a child process; rejects when it ends instead. */
export function nextMessage(child) {
  return new Promise((resolve, reject) => {
    const onMessage = (message) => {
      child.off('exit', onExit);
      resolve(message);
    };
    const onExit = (code) => {
      child.off('message', onMessage);
      reject(new Error(`the process must go on, got exit ${code}`));
    };
    child.once('message', onMessage);
    child.once('exit', onExit);
  });
}

/** Sends a message to a child process and waits for its answer. */
export function ask(child, message) {
  child.send(message);
  return nextMessage(child);
}
