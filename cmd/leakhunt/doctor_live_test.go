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

// What the doctor advises is done, and the server is then as it should be.
func TestDoctorsAdvice(t *testing.T) {
	t.Parallel()
	bin := build(t)
	app, err := filepath.Abs("testdata/apps/library")
	if err != nil {
		t.Fatal(err)
	}
	for variable, want := range map[string]string{
		"FLASK_DEBUG=1":    "Start it without FLASK_DEBUG, or with FLASK_DEBUG=0.",
		"FLASK_DEBUG=True": "Start it without FLASK_DEBUG, or with FLASK_DEBUG=0.",
		"FLASK_DEBUG=0":    "",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			at := "127.0.0.1:" + targettest.FreePort(t)
			_, port, _ := strings.Cut(at, ":")
			targettest.Start(t, app, []string{variable}, "sh", "-c", "exec flask --app app run --no-reload --port "+port+" >"+t.TempDir()+"/log 2>&1")
			targettest.Await(t, "tcp", at)
			_, out, errs := output(t, bin, "doctor", "http://"+at, "/")
			said := strings.Join(strings.Fields(out), " ") // lines are broken
			if strings.Contains(said, "FLASK_DEBUG") != (want != "") || !strings.Contains(said, want) {
				t.Errorf("%q is not said:\n%s%s", want, out, errs)
			}
		})
	}
}
