CREATE TABLE "due" (
	"tenant_id" text NOT NULL,
	"kind" text NOT NULL,
	"environment_id" text NOT NULL,
	"subject" text NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"lease_token" text,
	"lease_until" timestamp (3) with time zone,
	CONSTRAINT "due_tenant_id_kind_environment_id_subject_pk" PRIMARY KEY("tenant_id","kind","environment_id","subject"),
	CONSTRAINT "tenant_not_empty" CHECK ("due"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE TABLE "health_samples" (
	"tenant_id" text NOT NULL,
	"environment_id" text NOT NULL,
	"service_id" text NOT NULL,
	"evaluated_at" timestamp (3) with time zone NOT NULL,
	"status" text NOT NULL,
	"checks" jsonb NOT NULL,
	CONSTRAINT "health_samples_pk" PRIMARY KEY("tenant_id","environment_id","service_id","evaluated_at"),
	CONSTRAINT "tenant_not_empty" CHECK ("health_samples"."tenant_id" <> '')
);
--> statement-breakpoint
CREATE INDEX "due_next" ON "due" USING btree ("kind","due_at");