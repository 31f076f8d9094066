//go:build live

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"leakhunt/harness/target/targettest"
)

// TestDoctorOnServers asks about servers that are set up to spoil a run.
func TestDoctorOnServers(t *testing.T) {
	t.Parallel()
	bin := build(t)
	for name, c := range map[string]struct {
		start func(t *testing.T) (target string)
		says  []string
	}{
		"gunicorn": {func(t *testing.T) string {
			at, _, _ := gunicorn(t, "--max-requests", "5000", "--reload")
			return "{url: http://" + at + "}"
		}, []string{"! --max-requests 5000 is set", "! --reload is set", "one worker takes them all", "leakhunt agent python"}},
		"php-fpm": {func(t *testing.T) string {
			address, root := fpmPool(t, "pm.max_requests = 7000")
			return "{fastcgi: {address: " + address + ", root: " + root + "}}"
		}, []string{"! pm.max_requests = 7000 is set", "pm.max_requests = 0", "is sure to be found"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.yaml")
			targettest.WriteFile(t, file, "version: 1\ntarget: "+c.start(t)+"\nuris: [/clean]\n")
			code, out, errs := output(t, bin, "doctor", file)
			if code != exitOK {
				t.Errorf("exit code %d: %s", code, errs)
			}
			for _, want := range c.says {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
		})
	}
}
