import { signal } from '@preact/signals';
import { isAdmitted } from './following.js';
import { change, read, RequestFailure } from './request.js';
import type { Answers } from './answers.js';

/** Who looks; null until it is known, and while nobody is logged in. */
export const session = signal<Answers['session'] | null>(null);

/** Whether what changes something is offered. The server decides all the same. */
export function mayWrite(): boolean {
  return session.value?.level === 'write';
}

/** Why it is not known who looks, other than that he is not logged in. */
export const sessionFailure = signal<RequestFailure | null>(null);

/** Where one logs in, while nobody is. */
export const loginBy = signal<RequestFailure['loginBy']>('token');

/** Asks who looks, and tries again until there is an answer. */
export async function findSession(): Promise<void> {
  try {
    session.value = await read('session');
    sessionFailure.value = null;
    isAdmitted.value = true;
  } catch (error) {
    const failure = error instanceof RequestFailure ? error : new RequestFailure(null, 'unreadable', String(error));
    if (failure.status === 401) {
      loginBy.value = failure.loginBy;
      isAdmitted.value = false;
      sessionFailure.value = null;
      return;
    }
    sessionFailure.value = failure;
    window.setTimeout(() => void findSession(), (failure.retryAfterSeconds ?? 5) * 1000);
  }
}

/** Logs in with a token; the server sets a cookie that this page cannot read. Rejects with RequestFailure. */
export async function logIn(token: string): Promise<void> {
  await change('POST', 'login', { body: { token } });
  await findSession();
}

/** Logs out and forgets what was shown. */
export async function logOut(): Promise<void> {
  await change('POST', 'logout');
  location.reload();
}
