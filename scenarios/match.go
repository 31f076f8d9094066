package scenarios

import (
	"path"
	"strings"
)

// Match is whether a glob (path.Match) matches the name of a URI. A star also
// matches a slash, as it does for people. A glob that is malformed matches
// nothing.
func Match(glob, name string) bool {
	flat := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
	ok, err := path.Match(flat(glob), flat(name))
	return ok && err == nil
}
