-- As 0001 does it: slipway_app sees one tenant per transaction.
ALTER TABLE approvals ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE approvals FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY tenant ON approvals FOR ALL TO slipway_app
  USING (tenant_id = nullif(current_setting('slipway.tenant', true), ''))
  WITH CHECK (tenant_id = nullif(current_setting('slipway.tenant', true), ''));
--> statement-breakpoint
GRANT SELECT, INSERT ON approvals TO slipway_app;
--> statement-breakpoint
-- What was asked for, of whom and for which plan stays as it was.
GRANT UPDATE (status, decided_by_subject, decided_by_client, decided_at, comment) ON approvals TO slipway_app;
--> statement-breakpoint
-- Reconcile ends what nobody decides, of every tenant, and rings no lane for what waits for a person.
CREATE POLICY reconcile ON approvals FOR SELECT TO slipway_system USING (true);
--> statement-breakpoint
GRANT SELECT (tenant_id, id, environment_id, operation_id, status, expires_at) ON approvals TO slipway_system;
--> statement-breakpoint
GRANT SELECT (waiting_on) ON operations TO slipway_system;
--> statement-breakpoint
ALTER TABLE approvals
  ADD CONSTRAINT approvals_status CHECK (status IN ('Pending', 'Approved', 'Consumed', 'Rejected', 'Expired', 'Withdrawn'));
--> statement-breakpoint
CREATE TRIGGER terminal_is_immutable BEFORE UPDATE OR DELETE ON approvals FOR EACH ROW
  WHEN (OLD.status NOT IN ('Pending', 'Approved')) EXECUTE FUNCTION slipway_refuse_change();
--> statement-breakpoint
-- A decision is never taken back: what was approved is used, or is of use no more.
CREATE TRIGGER decided_once BEFORE UPDATE ON approvals FOR EACH ROW
  WHEN (OLD.status = 'Approved' AND NEW.status NOT IN ('Consumed', 'Withdrawn')) EXECUTE FUNCTION slipway_refuse_change();
