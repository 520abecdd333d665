-- As 0001 does it: slipway_app sees one tenant per transaction.
ALTER TABLE drift_findings ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE drift_findings FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY tenant ON drift_findings FOR ALL TO slipway_app
  USING (tenant_id = nullif(current_setting('slipway.tenant', true), ''))
  WITH CHECK (tenant_id = nullif(current_setting('slipway.tenant', true), ''));
--> statement-breakpoint
GRANT SELECT, INSERT ON drift_findings TO slipway_app;
--> statement-breakpoint
-- What was found, and when, stays as it was.
GRANT UPDATE (desired, actual, operation_id, status, resolved_at) ON drift_findings TO slipway_app;
--> statement-breakpoint
ALTER TABLE drift_findings
  ADD CONSTRAINT drift_findings_status CHECK (status IN ('Open', 'Resolved')),
  ADD CONSTRAINT drift_findings_resolved CHECK ((status = 'Resolved') = (resolved_at IS NOT NULL));
--> statement-breakpoint
CREATE TRIGGER terminal_is_immutable BEFORE UPDATE OR DELETE ON drift_findings FOR EACH ROW
  WHEN (OLD.status = 'Resolved') EXECUTE FUNCTION slipway_refuse_change();
--> statement-breakpoint
-- A scan has a phase and a kind of its own, beside those of deployments.
ALTER TABLE operations
  DROP CONSTRAINT operations_phase,
  ADD CONSTRAINT operations_phase CHECK (phase IN ('Requested', 'Provisioning', 'Configuring', 'RollingOut', 'HealthGating', 'Promoting', 'Decommissioning', 'Scanning', 'RollingBack', 'Completed', 'RolledBack', 'RollbackFailed', 'Failed', 'Canceled', 'Superseded', 'Rejected', 'Expired'));
