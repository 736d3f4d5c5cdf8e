import { BudgetsCard } from './budgets-card.js';
import { FiringAlerts } from './firing-alerts.js';
import { LatencyChart, TrafficChart } from './endpoint-charts.js';
import { OverviewTiles } from './overview-tiles.js';
import { ReplicasCard } from './replicas-card.js';
import { TopEndpoints, TopModels, TopOperations, TopProviders, TopSwitch } from './top.js';

/** Everything at a glance: how it is, what that means, where time, errors and money go. */
export function OverviewView() {
  return (
    <>
      <h1 class="visually-hidden">Overview</h1>
      <FiringAlerts />
      <OverviewTiles />
      <TrafficChart />
      <LatencyChart />
      <TopSwitch />
      <TopModels />
      <TopEndpoints />
      <BudgetsCard />
      <TopOperations />
      <ReplicasCard />
      <TopProviders />
    </>
  );
}
