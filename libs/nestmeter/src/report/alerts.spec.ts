import { ReportFleet } from '../../../../test/fixtures/report-fleet.js';
import { alertsReport } from './alerts.js';

describe('alertsReport', () => {
  it('says that nothing is known while no rule runs', async () => {
    expect(await new ReportFleet().ask(alertsReport)).toEqual({
      active_alerts_count: 0,
      system_health: 'unknown',
      alerts: [],
      active: [],
    });
  });
});
