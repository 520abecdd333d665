CREATE TABLE "temporal_looks" (
	"tenant_id" text NOT NULL,
	"namespace_id" text NOT NULL,
	"compared_until" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "temporal_looks_tenant_id_namespace_id_pk" PRIMARY KEY("tenant_id","namespace_id"),
	CONSTRAINT "tenant_not_empty" CHECK ("temporal_looks"."tenant_id" <> '')
);
