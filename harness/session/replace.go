package session

import "leakhunt/harness/load"

// Replace sends another request for a URI from the next block on: a part of it, say.
func (s *Session) Replace(uri int, t *load.Template) { s.cfg.Items[uri].Template = t }
