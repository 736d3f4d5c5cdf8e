import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { RequestFailure } from '../api/request.js';
import { type FormFields, formFields } from './form-fields.js';

interface DialogProps {
  readonly title: string;
  /** What the button that does it says. */
  readonly action: string;
  /** Does it; the dialog closes when that succeeded, else it says why not. */
  readonly onSubmit: (fields: FormFields) => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A question in front of the page. The browser keeps the focus inside, closes it on Esc and gives the focus back. */
export function Dialog({ title, action, onSubmit, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [failure, setFailure] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const submit = async (form: HTMLFormElement): Promise<void> => {
    setSending(true);
    setFailure(null);
    try {
      await onSubmit(formFields(form));
      dialog.current?.close();
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      setFailure(error.message);
      setSending(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <h2 id={id}>{title}</h2>
        {children}
        {failure !== null && (
          <p class="form-failure" role="alert">
            {failure}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={isSending}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
