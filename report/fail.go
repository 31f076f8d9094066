package report

// Comparison is what changed from one run to the next.
type Comparison struct{}
