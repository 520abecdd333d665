import { recordHealth } from '../../../db/health.ts';
import { holdService } from '../../../db/services.ts';
import { checkNotAhead } from '../../not-ahead.ts';
import { feed } from '../../endpoint.ts';
import { healthReport, healthReportAck } from '../../shapes/health-report.ts';
import { guardTarget, notThere } from '../../tenant-guard.ts';

/** For a health worker on another machine. Sent again, a report is outdated and changes nothing. */
export const reportHealth = feed({
  route: '/runtime/internal/health-reports',
  scope: null,
  summary: 'Report the health of services, line by line, each acknowledged as it is recorded',
  line: healthReport,
  output: { 200: healthReportAck },
  run: ({ db }, caller, { tenantId: _stated, environmentId, serviceId, evaluatedAt, ...health }) => {
    checkNotAhead(evaluatedAt, '/evaluatedAt');
    const key = { tenantId: caller.tenantId, environmentId };
    return db.forTenant(caller.tenantId, async (tx) => {
      const locate = () => Promise.resolve(environmentId);
      await guardTarget(tx, caller, { notFound: 'EnvironmentNotFound', locate }, {});
      const isNew = await recordHealth(tx, key, serviceId, { ...health, evaluatedAt: new Date(evaluatedAt) });
      // Last, in the order of a promotion's locks: what it takes away leaves no sample behind.
      if (!(await holdService(tx, key, serviceId))) throw notThere('ServiceNotFound');
      return { status: isNew ? 'Recorded' : 'Outdated' };
    });
  },
});
