CREATE TABLE "drift_findings" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"environment_id" text NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"service_id" text,
	"desired" text NOT NULL,
	"actual" text NOT NULL,
	"severity" text NOT NULL,
	"status" text NOT NULL,
	"operation_id" text NOT NULL,
	"detected_at" timestamp (3) with time zone NOT NULL,
	"resolved_at" timestamp (3) with time zone,
	CONSTRAINT "drift_findings_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tenant_not_empty" CHECK ("drift_findings"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE INDEX "drift_findings_environment" ON "drift_findings" USING btree ("tenant_id","environment_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "drift_findings_one_open" ON "drift_findings" USING btree ("tenant_id","environment_id","kind","subject") WHERE "drift_findings"."status" = 'Open';