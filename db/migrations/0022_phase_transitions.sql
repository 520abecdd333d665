-- What commands leave on a row, and the words that they may be.
ALTER TABLE operations
  ADD CONSTRAINT operations_on_conflict CHECK (on_conflict IN ('queue', 'reject', 'supersede')),
  ADD CONSTRAINT operations_wanted CHECK (wanted IN ('run', 'pause', 'abort')),
  ADD CONSTRAINT operations_command CHECK (command IN ('pause', 'resume', 'promote', 'abort'));
--> statement-breakpoint
-- Reconcile tells workflows again of commands that they were not told of.
GRANT SELECT (wanted, command, command_id, commanded_at, heard_at) ON operations TO slipway_system;
--> statement-breakpoint
-- The way of an operation through its phases, as domain/phases.ts has it; a test holds the two together.
CREATE FUNCTION slipway_phase_may_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (CASE OLD.phase
    WHEN 'Requested' THEN NEW.phase IN ('Provisioning', 'Decommissioning', 'Scanning', 'Failed', 'Canceled', 'Superseded', 'Rejected', 'Expired')
    WHEN 'Provisioning' THEN NEW.phase IN ('Configuring', 'Completed', 'RollingBack', 'Failed', 'Canceled', 'Superseded')
    WHEN 'Configuring' THEN NEW.phase IN ('RollingOut', 'RollingBack', 'RollbackFailed', 'Failed', 'Canceled', 'Superseded')
    WHEN 'RollingOut' THEN NEW.phase IN ('HealthGating', 'RollingBack', 'RollbackFailed', 'Failed')
    WHEN 'HealthGating' THEN NEW.phase IN ('Promoting', 'RollingBack', 'RollbackFailed', 'Failed')
    WHEN 'Promoting' THEN NEW.phase IN ('Completed', 'RollingBack', 'RollbackFailed', 'Failed')
    WHEN 'Decommissioning' THEN NEW.phase IN ('Completed', 'Failed')
    WHEN 'Scanning' THEN NEW.phase IN ('Completed', 'Failed')
    WHEN 'RollingBack' THEN NEW.phase IN ('RolledBack', 'RollbackFailed', 'Failed')
    ELSE false
  END) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'an operation does not go from % to %', OLD.phase, NEW.phase USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER phase_may_follow BEFORE UPDATE ON operations FOR EACH ROW
  WHEN (OLD.phase IS DISTINCT FROM NEW.phase) EXECUTE FUNCTION slipway_phase_may_follow();
