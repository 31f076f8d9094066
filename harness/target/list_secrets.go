package target

import "leakhunt/harness/load"

// Secrets are the passwords with which the process is addressed.
func (e Entry) Secrets() []string {
	var all []string
	for _, values := range e.endpoint.Header {
		all = append(all, values...)
	}
	if s, ok := e.endpoint.Protocol.(load.Session); ok {
		all = append(all, s.Password)
	}
	return all
}
