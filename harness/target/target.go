// Package target finds or starts the one process that is measured, says where
// it answers, and knows at any moment whether it is still the same.
package target

// Info describes a pinned process for people and for the result file. It holds
// no secret.
type Info struct {
	Kind     string `json:"kind"` // "demo", "command", "url", "passenger", "fastcgi"
	PID      int    `json:"pid"`
	App      string `json:"app,omitempty"`
	URL      string `json:"url,omitempty"`
	Server   string `json:"server,omitempty"`  // "puma", "gunicorn", … where recognised
	Runtime  string `json:"runtime,omitempty"` // "ruby", "node", "python", "go", "java", "php", where recognised
	Restarts int    `json:"restarts"`
	// Settings are the environment variables that tighten: set, NAME=value.
	Settings []string `json:"settings,omitempty"`
}
