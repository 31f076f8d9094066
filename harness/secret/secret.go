// Package secret keeps the values that must appear in no output.
package secret
