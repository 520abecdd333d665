ALTER TABLE "deployments" ADD COLUMN "restart_of" text;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "from_deployment_id" text;