-- What is there already gets its first version, and what it is about. The owner of the tables sees rows only while row-level
-- security is not forced on it; nobody else gets in between, because this transaction holds the tables.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['approvals','components','deployments','scaling_policies'] LOOP
    EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', name);
  END LOOP;
END $$;
--> statement-breakpoint
INSERT INTO scaling_policy_versions (tenant_id, id, environment_id, service_id, target, metric, min_replicas, max_replicas,
    target_utilization_percent, scale_to_zero, trace_id, version, change, created_at, updated_at)
  SELECT tenant_id, id, environment_id, service_id, target, metric, min_replicas, max_replicas,
    target_utilization_percent, scale_to_zero, trace_id, 1, 'Applied', created_at, updated_at
  FROM scaling_policies;
--> statement-breakpoint
INSERT INTO concerned_services (tenant_id, service_id, subject_id)
  SELECT d.tenant_id, c.component ->> 'moduleId', d.operation_id
    FROM deployments d, jsonb_array_elements(d.components) AS c (component)
  UNION
  SELECT tenant_id, restart_of, operation_id FROM deployments WHERE restart_of IS NOT NULL
  UNION
  SELECT d.tenant_id, c.service_id, d.operation_id
    FROM deployments d JOIN components c ON c.tenant_id = d.tenant_id AND c.deployment_id = d.id
    WHERE c.action <> 'keep';
--> statement-breakpoint
INSERT INTO concerned_services (tenant_id, service_id, subject_id)
  SELECT a.tenant_id, s.service_id, a.id
    FROM approvals a JOIN concerned_services s ON s.tenant_id = a.tenant_id AND s.subject_id = a.operation_id;
--> statement-breakpoint
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['approvals','components','deployments','scaling_policies'] LOOP
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
  END LOOP;
END $$;
--> statement-breakpoint
-- As 0001 does it: slipway_app sees one tenant per transaction. It adds to both, and changes nothing.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['concerned_services','scaling_policy_versions'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format($f$CREATE POLICY tenant ON %I FOR ALL TO slipway_app
      USING (tenant_id = nullif(current_setting('slipway.tenant', true), ''))
      WITH CHECK (tenant_id = nullif(current_setting('slipway.tenant', true), ''))$f$, name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO slipway_app', name);
    EXECUTE format('CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION slipway_refuse_change()', name);
  END LOOP;
END $$;
--> statement-breakpoint
ALTER TABLE scaling_policy_versions
  ADD CONSTRAINT scaling_policy_versions_change CHECK (change IN ('Applied', 'Restored', 'Removed')),
  ADD CONSTRAINT scaling_policy_versions_version CHECK (version > 0);
