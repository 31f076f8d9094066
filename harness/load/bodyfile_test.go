package load

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leakhunt/harness/fault"
)

func TestBodyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(path, []byte("a body"), 0o600); err != nil {
		t.Fatal(err)
	}
	if body, err := BodyFile(path); string(body) != "a body" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	if err := os.Truncate(path, MostBody+1); err != nil {
		t.Fatal(err)
	}
	if _, err := BodyFile(path); fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), "longer than 8 MiB") {
		t.Errorf("too long: %v", err)
	}
}
