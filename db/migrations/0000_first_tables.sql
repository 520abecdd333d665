CREATE TABLE "components" (
	"tenant_id" text NOT NULL,
	"deployment_id" text NOT NULL,
	"service_id" text NOT NULL,
	"action" text NOT NULL,
	"status" text NOT NULL,
	"image" text,
	"digest" text,
	"target" text,
	"from_revision" text,
	"to_revision" text,
	"replicas_wanted" integer NOT NULL,
	"replicas_ready" integer DEFAULT 0 NOT NULL,
	"traffic_percent" integer DEFAULT 0 NOT NULL,
	"reason" text,
	"failure" jsonb,
	"started_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "components_tenant_id_deployment_id_service_id_pk" PRIMARY KEY("tenant_id","deployment_id","service_id"),
	CONSTRAINT "tenant_not_empty" CHECK ("components"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE TABLE "configurations" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"environment_id" text NOT NULL,
	"version" integer NOT NULL,
	"values" jsonb NOT NULL,
	"files" jsonb NOT NULL,
	"hash" text NOT NULL,
	"trace_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "configurations_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tenant_not_empty" CHECK ("configurations"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE TABLE "deployments" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"environment_id" text NOT NULL,
	"operation_id" text NOT NULL,
	"release_ref" text NOT NULL,
	"strategy" text NOT NULL,
	"rollout" jsonb NOT NULL,
	"configuration_id" text,
	"components" jsonb NOT NULL,
	"prune" boolean NOT NULL,
	"rollback_of" text,
	"previous_snapshot_id" text,
	"snapshot_id" text,
	"prepared_at" timestamp (3) with time zone,
	"trace_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "deployments_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tenant_not_empty" CHECK ("deployments"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE TABLE "environments" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"stage" text NOT NULL,
	"region" text NOT NULL,
	"isolation_model" text NOT NULL,
	"compute_targets" jsonb NOT NULL,
	"pulumi_stack_ref" text NOT NULL,
	"status" text NOT NULL,
	"outputs" jsonb,
	"live_snapshot_id" text,
	"next_seq" bigint DEFAULT 1 NOT NULL,
	"fence" bigint DEFAULT 0 NOT NULL,
	"revision" bigint DEFAULT 0 NOT NULL,
	"converge_reason" text,
	"trace_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "environments_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tenant_not_empty" CHECK ("environments"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE TABLE "events" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"environment_id" text NOT NULL,
	"revision" bigint NOT NULL,
	"operation_id" text,
	"type" text NOT NULL,
	"data" jsonb NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "events_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tenant_not_empty" CHECK ("events"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE TABLE "operations" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"environment_id" text NOT NULL,
	"kind" text NOT NULL,
	"seq" bigint NOT NULL,
	"status" text NOT NULL,
	"phase" text NOT NULL,
	"budget_seconds" integer NOT NULL,
	"reserve_seconds" integer NOT NULL,
	"deadline_at" timestamp (3) with time zone NOT NULL,
	"failure" jsonb,
	"waiting_on" jsonb,
	"trace_id" text NOT NULL,
	"accepted_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "operations_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tenant_not_empty" CHECK ("operations"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE TABLE "requests" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"client_id" text NOT NULL,
	"subject" text NOT NULL,
	"method" text NOT NULL,
	"route" text NOT NULL,
	"idempotency_key" text,
	"body_hash" text NOT NULL,
	"decision" text NOT NULL,
	"code" text,
	"governance" jsonb,
	"environment_id" text,
	"operation_id" text,
	"answer_status" integer NOT NULL,
	"answer_headers" jsonb NOT NULL,
	"answer_body" jsonb NOT NULL,
	"trace_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "requests_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tenant_not_empty" CHECK ("requests"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE TABLE "services" (
	"tenant_id" text NOT NULL,
	"environment_id" text NOT NULL,
	"service_id" text NOT NULL,
	"image" text NOT NULL,
	"digest" text NOT NULL,
	"target" text NOT NULL,
	"revision" text NOT NULL,
	"replicas" integer NOT NULL,
	"configuration_id" text,
	"endpoint" text,
	"deployment_id" text NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "services_tenant_id_environment_id_service_id_pk" PRIMARY KEY("tenant_id","environment_id","service_id"),
	CONSTRAINT "tenant_not_empty" CHECK ("services"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE TABLE "snapshots" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"environment_id" text NOT NULL,
	"content" jsonb NOT NULL,
	"hash" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "snapshots_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tenant_not_empty" CHECK ("snapshots"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE TABLE "tenant_bindings" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"environment_id" text NOT NULL,
	"isolation_model" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	CONSTRAINT "tenant_bindings_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tenant_not_empty" CHECK ("tenant_bindings"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE UNIQUE INDEX "configurations_version" ON "configurations" USING btree ("tenant_id","environment_id","version");--> statement-breakpoint
CREATE UNIQUE INDEX "deployments_operation" ON "deployments" USING btree ("tenant_id","operation_id");--> statement-breakpoint
CREATE INDEX "deployments_environment" ON "deployments" USING btree ("tenant_id","environment_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "environments_name" ON "environments" USING btree ("tenant_id","name") WHERE "environments"."status" not in ('Failed', 'Decommissioned');--> statement-breakpoint
CREATE INDEX "environments_converge" ON "environments" USING btree ("tenant_id","id") WHERE "environments"."converge_reason" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "events_cursor" ON "events" USING btree ("tenant_id","environment_id","revision");--> statement-breakpoint
CREATE INDEX "events_operation" ON "events" USING btree ("tenant_id","operation_id","revision");--> statement-breakpoint
CREATE UNIQUE INDEX "operations_seq" ON "operations" USING btree ("tenant_id","environment_id","seq");--> statement-breakpoint
CREATE UNIQUE INDEX "operations_one_active" ON "operations" USING btree ("tenant_id","environment_id") WHERE "operations"."status" = 'Updating';--> statement-breakpoint
CREATE INDEX "operations_open" ON "operations" USING btree ("accepted_at") WHERE "operations"."status" in ('Accepted', 'Updating');--> statement-breakpoint
CREATE UNIQUE INDEX "requests_idempotency" ON "requests" USING btree ("tenant_id","client_id","method","route","idempotency_key") WHERE "requests"."idempotency_key" is not null and "requests"."decision" = 'allowed';--> statement-breakpoint
CREATE INDEX "requests_time" ON "requests" USING btree ("tenant_id","created_at");--> statement-breakpoint
CREATE INDEX "snapshots_environment" ON "snapshots" USING btree ("tenant_id","environment_id");--> statement-breakpoint
CREATE UNIQUE INDEX "tenant_bindings_environment" ON "tenant_bindings" USING btree ("tenant_id","environment_id");