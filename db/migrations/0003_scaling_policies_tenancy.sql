-- As 0001 does it: slipway_app sees one tenant per transaction, and may replace a policy or take it back.
ALTER TABLE scaling_policies ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE scaling_policies FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY tenant ON scaling_policies FOR ALL TO slipway_app
  USING (tenant_id = nullif(current_setting('slipway.tenant', true), ''))
  WITH CHECK (tenant_id = nullif(current_setting('slipway.tenant', true), ''));
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON scaling_policies TO slipway_app;
