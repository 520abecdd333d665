//go:build tools

// Package tools pins the Temporal CLI, whose dev server is the embedded Temporal engine.
package tools

import _ "github.com/temporalio/cli/cmd/temporal"
