-- As 0001 does it: slipway_app sees one tenant per transaction; a binding is immutable.
ALTER TABLE secret_bindings ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE secret_bindings FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY tenant ON secret_bindings FOR ALL TO slipway_app
  USING (tenant_id = nullif(current_setting('slipway.tenant', true), ''))
  WITH CHECK (tenant_id = nullif(current_setting('slipway.tenant', true), ''));
--> statement-breakpoint
GRANT SELECT, INSERT ON secret_bindings TO slipway_app;
--> statement-breakpoint
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON secret_bindings FOR EACH ROW EXECUTE FUNCTION slipway_refuse_change();
