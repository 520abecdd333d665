# The same rules for Open Policy Agent: opa run --server --addr 127.0.0.1:8181 policies/samples/slipway.rego
# A decision says which plan it is about; one without, or about another plan, does not count.
package slipway

decision := {
	"decision": verdict,
	"reasons": sort(reasons),
	"obligations": [],
	"planHash": input.planHash,
}

default verdict := "allow"

verdict := "deny" if {
	count(denials) > 0
} else := "requireApproval" if {
	count(approvals) > 0
}

reasons := denials | approvals

denials contains "other-tenant" if not input.environment.tenantId == input.tenantId

# Nothing changes in production over the turn of the year; `at` is when the API asked.
denials contains "year-end-freeze" if {
	input.stage == "prod"
	input.action in {"environments.provision", "environments.decommission", "deployments.create"}
	at := time.parse_rfc3339_ns(input.facts.at)
	at >= time.parse_rfc3339_ns("2026-12-18T00:00:00Z")
	at < time.parse_rfc3339_ns("2027-01-04T00:00:00Z")
}

denials contains "no-time" if not time.parse_rfc3339_ns(input.facts.at)

# Nothing is deployed to production, or rolled back there, without somebody's approval.
approvals contains "approve-production-deployments" if {
	input.stage == "prod"
	input.action in {"deployments.create", "deployments.rollback"}
}
