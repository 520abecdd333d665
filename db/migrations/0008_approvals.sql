CREATE TABLE "approvals" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"environment_id" text NOT NULL,
	"operation_id" text,
	"action" text NOT NULL,
	"plan_hash" text NOT NULL,
	"requested_by_subject" text NOT NULL,
	"requested_by_client" text NOT NULL,
	"reasons" jsonb NOT NULL,
	"obligations" jsonb NOT NULL,
	"status" text NOT NULL,
	"external_id" text,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"decided_by_subject" text,
	"decided_by_client" text,
	"decided_at" timestamp (3) with time zone,
	"comment" text,
	"trace_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "approvals_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tenant_not_empty" CHECK ("approvals"."tenant_id" <> '')
);
--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "judged" jsonb;--> statement-breakpoint
CREATE INDEX "approvals_environment" ON "approvals" USING btree ("tenant_id","environment_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "approvals_one_open" ON "approvals" USING btree ("tenant_id","operation_id") WHERE "approvals"."status" in ('Pending', 'Approved');--> statement-breakpoint
CREATE INDEX "approvals_expiry" ON "approvals" USING btree ("expires_at") WHERE "approvals"."status" = 'Pending';