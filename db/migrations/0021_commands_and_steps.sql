ALTER TABLE "deployments" ADD COLUMN "steps" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "steps_passed" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "step" integer;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "on_conflict" text DEFAULT 'queue' NOT NULL;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "wanted" text DEFAULT 'run' NOT NULL;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "wanted_because" jsonb;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "command" text;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "command_id" text;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "commanded_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "heard_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "operations_unheard" ON "operations" USING btree ("commanded_at") WHERE "operations"."commanded_at" is not null and "operations"."heard_at" is null and "operations"."status" = 'Updating';