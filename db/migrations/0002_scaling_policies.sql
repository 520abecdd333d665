CREATE TABLE "scaling_policies" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"environment_id" text NOT NULL,
	"service_id" text NOT NULL,
	"target" text NOT NULL,
	"metric" text NOT NULL,
	"min_replicas" integer NOT NULL,
	"max_replicas" integer NOT NULL,
	"target_utilization_percent" integer NOT NULL,
	"scale_to_zero" boolean NOT NULL,
	"trace_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "scaling_policies_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tenant_not_empty" CHECK ("scaling_policies"."tenant_id" <> '')
);
--> statement-breakpoint
ALTER TABLE "snapshots" ADD COLUMN "derived_from" text;--> statement-breakpoint
CREATE UNIQUE INDEX "scaling_policies_service" ON "scaling_policies" USING btree ("tenant_id","environment_id","service_id");