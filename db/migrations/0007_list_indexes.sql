CREATE INDEX "deployments_list" ON "deployments" USING btree ("tenant_id","environment_id","id");--> statement-breakpoint
CREATE INDEX "operations_list" ON "operations" USING btree ("tenant_id","environment_id","id");--> statement-breakpoint
CREATE INDEX "requests_environment" ON "requests" USING btree ("tenant_id","environment_id","id");