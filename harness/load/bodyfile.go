package load

import (
	"errors"

	"leakhunt/harness/bounded"
	"leakhunt/harness/fault"
)

// MostBody is how long the body of a request may be that stands in a file: it is held
// while it is sent, and what is sent is a copy.
const MostBody = 8 << 20

// BodyFile reads the body of a request. Its error is a Usage fault where it is too long.
func BodyFile(path string) ([]byte, error) {
	body, err := bounded.File(path, MostBody)
	if errors.Is(err, bounded.ErrLong) {
		return nil, fault.Usagef("the body in %s is longer than %d MiB", path, MostBody>>20).
			WithHint("Send a shorter one.")
	}
	return body, err
}
