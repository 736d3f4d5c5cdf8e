const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** Key handler of a row of links or buttons: arrows, Home and End move the focus among them, round and round. */
export function moveFocus(event: KeyboardEvent & { readonly currentTarget: EventTarget }): void {
  const step = steps[event.key];
  const isEnd = event.key === 'Home' || event.key === 'End';
  if ((step === undefined && !isEnd) || event.altKey || event.ctrlKey || event.metaKey) return;
  const stops = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('a[href], button')];
  const at = stops.indexOf(document.activeElement as HTMLElement);
  if (at === -1) return;
  event.preventDefault();
  const target = isEnd ? (event.key === 'Home' ? 0 : stops.length - 1) : at + step!;
  stops.at(target % stops.length)?.focus();
}
