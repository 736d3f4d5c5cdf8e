/** What was typed into a form, by the names of its fields. */
export type FormFields = Readonly<Record<string, string>>;

/** Reads a form. */
export function formFields(form: HTMLFormElement): FormFields {
  return Object.fromEntries(
    [...new FormData(form)].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
