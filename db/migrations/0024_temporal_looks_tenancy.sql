-- As 0001 does it: slipway_app sees one tenant per transaction. What is kept here is the platform's own, under a tenant
-- whose name no token can carry.
ALTER TABLE temporal_looks ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE temporal_looks FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY tenant ON temporal_looks FOR ALL TO slipway_app
  USING (tenant_id = nullif(current_setting('slipway.tenant', true), ''))
  WITH CHECK (tenant_id = nullif(current_setting('slipway.tenant', true), ''));
--> statement-breakpoint
GRANT SELECT, INSERT ON temporal_looks TO slipway_app;
--> statement-breakpoint
GRANT UPDATE (compared_until) ON temporal_looks TO slipway_app;
