//go:build tools

// Package tools pins oasdiff, which compares the contract with the one of the last finished issue.
package tools

import _ "github.com/oasdiff/oasdiff"
