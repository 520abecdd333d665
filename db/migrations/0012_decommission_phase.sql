-- A decommission has a phase of its own, beside those of deployments.
ALTER TABLE operations
  DROP CONSTRAINT operations_phase,
  ADD CONSTRAINT operations_phase CHECK (phase IN ('Requested', 'Provisioning', 'Configuring', 'RollingOut', 'HealthGating', 'Promoting', 'Decommissioning', 'RollingBack', 'Completed', 'RolledBack', 'RollbackFailed', 'Failed', 'Canceled', 'Superseded', 'Rejected', 'Expired'));
