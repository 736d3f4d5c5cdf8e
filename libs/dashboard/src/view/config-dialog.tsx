import { change, RequestFailure } from '../api/request.js';
import { refresh } from '../api/resource.js';
import type { FormFields } from '../part/form-fields.js';
import { Dialog } from '../part/dialog.js';
import type { OptionRow } from './config.js';

interface ConfigDialogProps {
  readonly option: OptionRow;
  /** Of the configuration that the viewer saw; a newer one is a conflict. */
  readonly version: number;
  readonly onClose: () => void;
}

/** Posts some options, made from the version that the viewer saw. Rejects with RequestFailure. */
export async function postConfig(patch: Readonly<Record<string, unknown>>, version: number): Promise<void> {
  await change('POST', 'config', { body: patch, ifMatch: version }).catch(rethrowConflict);
  refresh('config', 'config/history', 'alerts');
}

/** Asks for another value of an option. */
export function ConfigDialog({ option, version, onClose }: ConfigDialogProps) {
  const text = JSON.stringify(option.value, null, 2);
  const submit = async (fields: FormFields): Promise<void> =>
    postConfig({ [option.name]: parsed(fields['value'] ?? '') }, version);
  return (
    <Dialog title={`Change ${option.name}`} action="Change on all replicas" onSubmit={submit} onClose={onClose}>
      <label class="field">
        Value, as JSON
        <textarea
          name="value"
          class="code"
          rows={Math.min(12, text.split('\n').length + 1)}
          required
          defaultValue={text}
          spellcheck={false}
        />
      </label>
      <p class="soft">All replicas follow within two seconds. It wins over code until it is taken back.</p>
    </Dialog>
  );
}

/** Asks whether what was posted is to be taken back. */
export function TakeBackDialog({ option, version, onClose }: ConfigDialogProps) {
  const submit = async (): Promise<void> => {
    await change('DELETE', `config/${encodeURIComponent(option.name)}`, { ifMatch: version }).catch(rethrowConflict);
    refresh('config', 'config/history', 'alerts');
  };
  return (
    <Dialog title={`Take back ${option.name}`} action="Take back" onSubmit={submit} onClose={onClose}>
      <p>
        What holds in code will hold again
        {option.without === undefined ? '.' : ': '}
        {option.without !== undefined && <span class="code">{JSON.stringify(option.without)}</span>}
      </p>
    </Dialog>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new RequestFailure(null, 'json', 'The value must be JSON, such as 1000, "text", true or {"chat": 3000}.');
  }
}

function rethrowConflict(error: unknown): never {
  if (error instanceof RequestFailure && error.status === 409) {
    refresh('config', 'config/history');
    throw new RequestFailure(
      409,
      error.code,
      'Somebody else has changed the configuration meanwhile. Look at it, then try again.',
    );
  }
  throw error;
}
