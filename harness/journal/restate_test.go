package journal

import (
	"path/filepath"
	"strings"
	"testing"

	"leakhunt/harness/record"
)

// What is restated holds nothing of what was written before, and is gone on with.
func TestRestate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	h := header(1)
	h.Scenario.Name = "a name that is a secret"
	w, err := Create(path, h)
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, []record.Event{record.Noted{Message: "a note with a secret"}})
	h.Scenario.Name = "shop"
	if err := w.Restate(h, []record.Event{note(1)}); err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, some())
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if text := content(path); strings.Contains(text, "secret") {
		t.Errorf("%s", text)
	}
	if run := mustLoad(t, path); run.Header.Scenario.Name != "shop" || len(run.Events) != 1+len(some()) {
		t.Errorf("%+v", run)
	}
}
