-- Services that are live already are due at once. The owner of the tables sees rows only while row-level security is not
-- forced on it; nobody else gets in between, because this transaction holds the table.
ALTER TABLE services NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
INSERT INTO due (tenant_id, kind, environment_id, subject, due_at)
  SELECT tenant_id, 'health', environment_id, service_id, now() FROM services;
--> statement-breakpoint
ALTER TABLE services FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
-- As 0001 does it: slipway_app sees one tenant per transaction.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['due','health_samples'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format($f$CREATE POLICY tenant ON %I FOR ALL TO slipway_app
      USING (tenant_id = nullif(current_setting('slipway.tenant', true), ''))
      WITH CHECK (tenant_id = nullif(current_setting('slipway.tenant', true), ''))$f$, name);
  END LOOP;
END $$;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON due TO slipway_app;
--> statement-breakpoint
-- A sample is never rewritten; old ones are taken away.
GRANT SELECT, INSERT, DELETE ON health_samples TO slipway_app;
--> statement-breakpoint
ALTER TABLE health_samples
  ADD CONSTRAINT health_samples_status CHECK (status IN ('Healthy', 'Degraded', 'Unhealthy', 'Unknown'));
--> statement-breakpoint
-- The sweeps look for what is due across tenants, and take leases; what they find they write in a tenant's transaction.
CREATE POLICY sweep_look ON due FOR SELECT TO slipway_system USING (true);
--> statement-breakpoint
CREATE POLICY sweep_lease ON due FOR UPDATE TO slipway_system USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT, UPDATE (lease_token, lease_until) ON due TO slipway_system;
