import { useState } from 'preact/hooks';
import { RequestFailure } from '../api/request.js';
import { logIn } from '../api/session.js';
import { formFields } from '../part/form-fields.js';

/** Asks for a token. The server keeps it in a cookie that scripts cannot read. */
export function LogIn() {
  const [failure, setFailure] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  const submit = async (token: string): Promise<void> => {
    setSending(true);
    try {
      await logIn(token);
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      setFailure(refusal(error));
    }
    setSending(false);
  };
  return (
    <main class="log-in">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(formFields(event.currentTarget)['token'] ?? '');
        }}
      >
        <h1>Nestmeter</h1>
        <label class="field">
          Token
          <input type="password" name="token" autocomplete="current-password" required maxLength={512} autoFocus />
        </label>
        {failure !== null && (
          <p class="form-failure" role="alert">
            {failure}
          </p>
        )}
        <button type="submit" class="button primary" disabled={isSending}>
          Log in
        </button>
        <p class="soft">One of the tokens of the option access.</p>
      </form>
    </main>
  );
}

function refusal({ status, retryAfterSeconds, message }: RequestFailure): string {
  if (status === 401) return 'This token opens nothing.';
  return status === 429 ? `Too many attempts. Try again in ${retryAfterSeconds ?? 60} s.` : message;
}
