package target

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"leakhunt/harness/proc"
)

func TestRecycling(t *testing.T) {
	for line, want := range map[string]string{
		"gunicorn -w 1 --max-requests 500 app:app":          "recycling: --max-requests 500",
		"gunicorn --max-requests=500 app:app":               "recycling: --max-requests 500",
		"gunicorn -w 1 --max-requests 0 app:app":            "",
		"gunicorn --max-requests=0 --reload app:app":        "reloading: --reload",
		"uwsgi --http-socket :1 --reload-on-rss 200":        "recycling: --reload-on-rss 200",
		"uvicorn app:app --limit-max-requests 9 --reload":   "recycling: --limit-max-requests 9|reloading: --reload",
		"node --watch app.js":                               "reloading: --watch",
		"puma -w 0 -t 1:1":                                  "",
		"puma 5.6.5 (tcp://127.0.0.1:3000) [max-requests]":  "",
		"gunicorn --max-requests":                           "",
		"php-fpm: master process (/etc/php/8.2/fpm/a.conf)": "",
	} {
		var got []string
		for _, a := range recycling(strings.Fields(line)) {
			text, _, _ := strings.Cut(a.Message, " is set")
			got = append(got, a.Code+": "+text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %v, want %q", line, got, want)
		}
	}
}

// A title hides the options: that is said, and not that there are none.
func TestTitleHidesOptions(t *testing.T) {
	for title, want := range map[string]string{
		"gunicorn: worker [shop]": "untold",
		"uWSGI worker 1":          "untold",
		"puma 5.6.5 (tcp://1:1)":  "",
		"sleep":                   "",
	} {
		cmd := exec.Command("sleep", "60")
		cmd.Args[0] = title
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		p := &pinned{id: proc.ID{PID: cmd.Process.Pid}, info: Info{Server: "gunicorn"}}
		all := p.Advise(t.Context())
		switch {
		case want == "" && len(all) > 0, want != "" && len(all) != 1:
			t.Errorf("%s: %v", title, all)
		case want != "" && (all[0].Code != want || !strings.Contains(all[0].Message, title) || !strings.Contains(all[0].Message, "--max-requests 0")):
			t.Errorf("%s: %v", title, all)
		}
	}
}

// Who copies a process's URL from passenger-status is told why it answers nobody.
func TestPrivateAddress(t *testing.T) {
	for _, kind := range []string{"url", "passenger"} {
		p := &pinned{id: proc.ID{PID: os.Getpid()}, info: Info{Kind: kind, Server: "passenger"}}
		all := p.Advise(t.Context())
		told := len(all) == 1 && all[0].Code == "private-address" && strings.Contains(all[0].Message, fmt.Sprintf("{pid: %d}", p.id.PID))
		if told != (kind == "url") {
			t.Errorf("%s: %v", kind, all)
		}
	}
}

func TestFPMSection(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir + "/" + name
	}
	write("shop.conf", "[shop]\npm = static\n pm.max_requests = 500 ; a day\n")
	for text, want := range map[string]string{
		"[shop]\npm.max_requests = 0\n":                                "0",
		"[shop]\n; pm.max_requests = 500\n":                            "",
		"[shop]\npm.max_requests=\"20\"\n":                             "20",
		"[desk]\npm.max_requests=20\n[shop]\n":                         "",
		"[global]\ninclude = " + dir + "/s*.conf":                      "500",
		"[global]\ninclude = " + dir + "/fpm\ninclude=" + dir + "/no*": "",
		"pm.max_requests\n[[[":                                         "",
	} {
		if got := fpmSection(write("fpm", text), "shop", fpmNesting)["pm.max_requests"]; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := fpmSection(dir+"/nothing", "shop", fpmNesting); got != nil {
		t.Error(got)
	}
}
