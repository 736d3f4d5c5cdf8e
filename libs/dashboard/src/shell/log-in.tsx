import { useState } from 'preact/hooks';
import { RequestFailure } from '../api/request.js';
import { logIn, loginBy } from '../api/session.js';
import { formFields } from '../part/form-fields.js';

/** Says how to get in: by a token here, or through the application. */
export function LogIn() {
  return <main class="log-in">{loginBy.value === 'token' ? <TokenForm /> : <Elsewhere />}</main>;
}

function Elsewhere() {
  return (
    <section class="card">
      <h1>Nestmeter</h1>
      <p>The application itself decides who may look. Log in there, then come back.</p>
      <button type="button" class="button primary" onClick={() => location.reload()}>
        Try again
      </button>
    </section>
  );
}

/** Asks for a token. The server answers with a cookie that scripts cannot read. */
function TokenForm() {
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
  );
}

function refusal({ status, retryAfterSeconds, message }: RequestFailure): string {
  if (status === 401) return 'This token opens nothing.';
  return status === 429 ? `Too many attempts. Try again in ${retryAfterSeconds ?? 60} s.` : message;
}
