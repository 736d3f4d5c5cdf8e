import { Component, type ComponentChildren } from 'preact';

interface BoundaryProps {
  readonly children: ComponentChildren;
}

/** Keeps a failure of our own inside the view where it happened, so that the rest of the page can be used on. */
export class Boundary extends Component<BoundaryProps, { readonly failure: string | null }> {
  override state = { failure: null };

  static override getDerivedStateFromError(error: unknown): { failure: string } {
    return { failure: error instanceof Error ? error.message : String(error) };
  }

  override render() {
    const { failure } = this.state;
    if (failure === null) return this.props.children;
    return (
      <section class="card" role="alert">
        <h2>This view cannot be shown</h2>
        <p class="soft">{failure}</p>
        <p>The page may be of another version than the service. Load it again; if that does not help, report it.</p>
        <button type="button" class="button primary" onClick={() => location.reload()}>
          Load again
        </button>
      </section>
    );
  }
}
