-- Environments that have an expiry already are due when it comes, and not within a day from now: until this, nothing was
-- taken away by itself, and whoever forgot about a time that is past has that day to move it. As in 0019, the owner of the
-- tables sees and writes rows only while row-level security is not forced on them.
ALTER TABLE environments NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE due NO FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
INSERT INTO due (tenant_id, kind, environment_id, subject, due_at)
  SELECT tenant_id, 'expiry', id, 'environment', greatest(expires_at, now() + interval '1 day')
  FROM environments
  WHERE expires_at IS NOT NULL AND status NOT IN ('Failed', 'Decommissioned');
--> statement-breakpoint
ALTER TABLE due FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE environments FORCE ROW LEVEL SECURITY;
