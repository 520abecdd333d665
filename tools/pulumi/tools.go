//go:build tools

// Package tools pins the Pulumi CLI, the embedded stack engine.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
