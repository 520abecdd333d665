CREATE TABLE "secret_bindings" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"environment_id" text NOT NULL,
	"service_id" text NOT NULL,
	"secrets" jsonb NOT NULL,
	"rotation_policy" text NOT NULL,
	"trace_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "secret_bindings_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "tenant_not_empty" CHECK ("secret_bindings"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE INDEX "secret_bindings_environment" ON "secret_bindings" USING btree ("tenant_id","environment_id","service_id");