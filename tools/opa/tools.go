//go:build tools

// Package tools pins Open Policy Agent, one of the deciders that governance can be given to.
package tools

import _ "github.com/open-policy-agent/opa"
