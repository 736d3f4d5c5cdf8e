import { useEffect } from 'preact/hooks';
import type { ComponentType } from 'preact';
import type { View } from './address.js';
import { isAdmitted } from './api/following.js';
import { sessionFailure } from './api/session.js';
import { address } from './navigation.js';
import { Boundary } from './part/boundary.js';
import { Failed } from './part/notice.js';
import { Header } from './shell/header.js';
import { IncompleteBanner } from './shell/incomplete-banner.js';
import { LogIn } from './shell/log-in.js';
import { Navigation, viewTitles } from './shell/navigation-bar.js';
import { AlertsView } from './view/alerts.js';
import { ConfigView } from './view/config.js';
import { EndpointView } from './view/endpoint.js';
import { EndpointsView } from './view/endpoints.js';
import { ModelView } from './view/model.js';
import { ModelsView } from './view/models.js';
import { OperationView } from './view/operation.js';
import { OperationsView } from './view/operations.js';
import { OverviewView } from './view/overview.js';
import { ProviderView } from './view/provider.js';
import { ProvidersView } from './view/providers.js';
import { ReplicasView } from './view/replicas.js';
import { StageView } from './view/stage.js';
import { StagesView } from './view/stages.js';
import { ToolkitView } from './view/toolkit.js';
import { UsageView } from './view/usage.js';

/** What each view shows, by how deep it is drilled into. */
const shown: Readonly<Record<View, readonly ComponentType[]>> = {
  overview: [OverviewView],
  endpoints: [EndpointsView, EndpointView],
  operations: [OperationsView, OperationView],
  providers: [ProvidersView, ProviderView, ModelView],
  models: [ModelsView],
  usage: [UsageView],
  stages: [StagesView, StageView],
  alerts: [AlertsView],
  replicas: [ReplicasView],
  config: [ConfigView],
  toolkit: [ToolkitView],
};

/** The whole page. */
export function App() {
  const { view, names } = address.value;
  useEffect(() => {
    const jump = (event: KeyboardEvent): void => {
      const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test((event.target as HTMLElement).tagName);
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      const filter = document.querySelector<HTMLInputElement>('[data-filter]');
      if (filter === null) return;
      event.preventDefault();
      filter.select();
    };
    document.addEventListener('keydown', jump);
    return () => document.removeEventListener('keydown', jump);
  }, []);
  useEffect(() => {
    document.title = `${names.at(-1) ?? viewTitles[view]} · Nestmeter`;
  }, [view, names.join('/')]);
  if (isAdmitted.value === false) return <LogIn />;
  const Shown = shown[view][names.length] ?? shown[view][0]!;
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The address behind # is that of the view.
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        Skip to the numbers
      </a>
      <Header />
      <Navigation />
      <main id="main" tabIndex={-1}>
        <IncompleteBanner />
        {isAdmitted.value === null && sessionFailure.value !== null && <Failed failure={sessionFailure.value} />}
        <Boundary key={[view, ...names].join('/')}>
          <Shown />
        </Boundary>
      </main>
    </>
  );
}
