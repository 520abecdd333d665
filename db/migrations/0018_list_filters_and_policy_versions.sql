CREATE TABLE "concerned_services" (
	"tenant_id" text NOT NULL,
	"service_id" text NOT NULL,
	"subject_id" text NOT NULL,
	CONSTRAINT "concerned_services_pk" PRIMARY KEY("tenant_id","service_id","subject_id"),
	CONSTRAINT "tenant_not_empty" CHECK ("concerned_services"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE TABLE "scaling_policy_versions" (
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
	"version" integer NOT NULL,
	"change" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "scaling_policy_versions_pk" PRIMARY KEY("tenant_id","id","version"),
	CONSTRAINT "tenant_not_empty" CHECK ("scaling_policy_versions"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE INDEX "concerned_services_subject" ON "concerned_services" USING btree ("tenant_id","subject_id");--> statement-breakpoint
CREATE INDEX "scaling_policy_versions_removed" ON "scaling_policy_versions" USING btree ("tenant_id","id") WHERE "scaling_policy_versions"."change" = 'Removed';--> statement-breakpoint
CREATE INDEX "services_by_id" ON "services" USING btree ("tenant_id","service_id","environment_id");