-- Roles and grants are made by db/migrate.ts before this runs; tables belong to slipway_migrate.
-- Row-level security: slipway_app sees one tenant per transaction (slipway.tenant, set locally; unset or '' sees nothing).
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['components','configurations','deployments','environments','events','operations','requests','services','snapshots','tenant_bindings'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format($f$CREATE POLICY tenant ON %I FOR ALL TO slipway_app
      USING (tenant_id = nullif(current_setting('slipway.tenant', true), ''))
      WITH CHECK (tenant_id = nullif(current_setting('slipway.tenant', true), ''))$f$, name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO slipway_app', name);
  END LOOP;
END $$;
--> statement-breakpoint
GRANT UPDATE ON components, deployments, environments, operations, services, tenant_bindings TO slipway_app;
--> statement-breakpoint
GRANT DELETE ON services TO slipway_app;
--> statement-breakpoint
-- The reconcile loop looks for work across tenants; it reads these columns and changes nothing (changes go through a tenant's transaction).
CREATE POLICY reconcile ON operations FOR SELECT TO slipway_system USING (true);
--> statement-breakpoint
CREATE POLICY reconcile ON environments FOR SELECT TO slipway_system USING (true);
--> statement-breakpoint
GRANT SELECT (tenant_id, id, environment_id, kind, seq, status, phase, deadline_at, accepted_at, started_at) ON operations TO slipway_system;
--> statement-breakpoint
GRANT SELECT (tenant_id, id, status, converge_reason, updated_at) ON environments TO slipway_system;
--> statement-breakpoint
CREATE FUNCTION slipway_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a row of % is immutable', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON snapshots FOR EACH ROW EXECUTE FUNCTION slipway_refuse_change();
--> statement-breakpoint
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON configurations FOR EACH ROW EXECUTE FUNCTION slipway_refuse_change();
--> statement-breakpoint
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON requests FOR EACH ROW EXECUTE FUNCTION slipway_refuse_change();
--> statement-breakpoint
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION slipway_refuse_change();
--> statement-breakpoint
CREATE TRIGGER terminal_is_immutable BEFORE UPDATE OR DELETE ON operations FOR EACH ROW
  WHEN (OLD.status IN ('Succeeded', 'Failed', 'Canceled')) EXECUTE FUNCTION slipway_refuse_change();
--> statement-breakpoint
ALTER TABLE operations
  ADD CONSTRAINT operations_status CHECK (status IN ('Accepted', 'Updating', 'Succeeded', 'Failed', 'Canceled')),
  ADD CONSTRAINT operations_phase CHECK (phase IN ('Requested', 'Provisioning', 'Configuring', 'RollingOut', 'HealthGating', 'Promoting', 'RollingBack', 'Completed', 'RolledBack', 'RollbackFailed', 'Failed', 'Canceled', 'Superseded', 'Rejected', 'Expired')),
  ADD CONSTRAINT operations_ended CHECK ((ended_at IS NOT NULL) = (status IN ('Succeeded', 'Failed', 'Canceled')));
--> statement-breakpoint
ALTER TABLE environments
  ADD CONSTRAINT environments_status CHECK (status IN ('Provisioning', 'Ready', 'Updating', 'Failed', 'Decommissioning', 'DecommissionBlocked', 'Decommissioned'));
--> statement-breakpoint
ALTER TABLE components
  ADD CONSTRAINT components_status CHECK (status IN ('Pending', 'Rolling', 'Gating', 'Live', 'Unchanged', 'Failed', 'RollingBack', 'RolledBack', 'RollbackFailed', 'Retired'));
