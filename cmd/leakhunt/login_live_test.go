//go:build live

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leakhunt/harness/target/targettest"
	"leakhunt/harness/verdict"
)

const portalPassword = "correct horse battery staple"

// portal is a folder with the application behind a login, testdata/portal.
func portal(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	text, err := os.ReadFile("testdata/portal/portal.py")
	if err != nil {
		t.Fatal(err)
	}
	targettest.WriteFile(t, dir+"/portal.py", string(text))
	return dir
}

// Every kind of capture, the form's token, cookies, and a data file; expect:
// says that a page is the page and no way back to the login.
const portalScenario = `version: 1
name: portal
target:
  command: [gunicorn, -w, "1", -b, "127.0.0.1:${PORT}", "portal:application"]
  dir: %q
  env: {PORTAL_PASSWORD: "${PORTAL_PASSWORD}", PORTAL_LOG: %[1]s/log, PORTAL_DIE: %[1]s/died}
  ready: {uri: /login}
  restarts: 1
secrets: [PORTAL_PASSWORD]
vars: {user: admin}
data: customers.csv
before:
  - uri: /login
    capture: [{as: csrf, selector: 'meta[name=csrf-token]', attr: content}]
  - method: POST
    uri: /login
    form: {authenticity_token: "{{csrf}}", username: "{{user}}", password: "${PORTAL_PASSWORD}"}
    expect: {status: 302}
    capture: [{as: key, header: X-Api-Key}, {as: device, cookie: device}]
  - uri: /api/me
    capture: [{as: access, json: user.tokens.0.access}]
  - uri: /account
    capture: [{as: order, regexp: "order = '([^']+)'"}]
requests: 250
uris:
  - {uri: /, expect: {status: 200, contains: "Hello admin"}}
  - {uri: /account, expect: {status: 200}}
  - uri: /report?for={{data.name}}
    headers: {X-Api-Key: "{{key}}", Authorization: "Bearer {{access}}", X-Device: "{{device}}"}
    expect: {status: 200, contains: "report for {{data.name}}"}
  - {method: POST, uri: /orders, form: {token: "{{order}}", item: "{{n}}"}, expect: {status: 200, contains: ordered}}
`

// TestBehindALogin hunts in pages that only those see who are logged in. The
// process kills itself on the way: the next one knows nobody, and is logged in
// to anew.
func TestBehindALogin(t *testing.T) {
	t.Parallel()
	dir := portal(t)
	file := filepath.Join(dir, "portal.yaml")
	targettest.WriteFile(t, file, fmt.Sprintf(portalScenario, dir))
	targettest.WriteFile(t, dir+"/customers.csv", "name,city\nAda,London\nEmmy,Erlangen\nSofja,Stockholm\n")
	r := huntIn(t, []string{"PORTAL_PASSWORD=" + portalPassword}, build(t), "run", file, "-q", "-o", "json", "--seed", "5")
	if !r.Complete || r.Target.Restarts != 1 || len(r.Target.RestartedAt) != 1 {
		t.Errorf("complete %t (%s), restarted %v", r.Complete, r.Incomplete, r.Target.RestartedAt)
	}
	for _, u := range r.URIs {
		if leaks := u.Verdict == verdict.Leak; leaks != (u.URI == "/account") || u.Errors > 0 && u.URI != "/account" {
			t.Errorf("%s is %s with %d errors: %s", u.URI, u.Verdict, u.Errors, u.Why)
		}
	}
	text, err := os.ReadFile(dir + "/log")
	if err != nil {
		t.Fatal(err)
	}
	logins := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if pid, _, ok := strings.Cut(line, " login admin"); ok {
			logins[pid]++
		}
	}
	if len(logins) != 2 {
		t.Errorf("logged in to %d processes, want 2: %v", len(logins), logins)
	}
	for _, row := range []string{" report Ada\n", " report Emmy\n", " report Sofja\n"} {
		if n := strings.Count(string(text), row); n < 80 {
			t.Errorf("%q was asked for %d times", row, n)
		}
	}
}

// A step that brings nothing ends the run before anything is measured, and says
// what the page held instead.
func TestLoginThatFails(t *testing.T) {
	t.Parallel()
	dir, bin := portal(t), build(t)
	at := "127.0.0.1:" + targettest.FreePort(t)
	targettest.Start(t, dir, []string{"PORTAL_PASSWORD=" + portalPassword}, "gunicorn", "-w", "1", "-b", at, "portal:application")
	targettest.Await(t, "tcp", at)
	for name, c := range map[string]struct{ steps, says string }{
		"selector": {`[{uri: /login, capture: [{as: a, selector: "input[name=csrf]", attr: value}]}]`, `no element matches input[name=csrf]` + "\n  → " + `The page was titled "Log in" and began: Who are you?`},
		"wrong password": {
			`[{uri: /login, capture: [{as: csrf, selector: "meta[name=csrf-token]", attr: content}]},
  {method: POST, uri: /login, form: {authenticity_token: "{{csrf}}", password: hunter2hunter2}, expect: {status: 302}}]`,
			"POST /login (line 4): status 200, expected 302\n  → The page was titled \"Log in\" and began: Wrong password.",
		},
		"login lost":   {`[{uri: /account, capture: [{as: a, regexp: "order = '(.*)'"}]}]`, "nothing matches order = '(.*)'\n  → The answer redirects to /login: send that URI in a step of its own."},
		"no json":      {`[{uri: /login, capture: [{as: a, json: user.token}]}]`, "the answer is no JSON"},
		"no header":    {`[{uri: /login, capture: [{as: a, header: X-Api-Key}]}]`, "the answer has no header X-Api-Key"},
		"other cookie": {`[{uri: /login, capture: [{as: a, cookie: session}]}]`, "the answer sets no cookie session; it sets: sid"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.yaml")
			targettest.WriteFile(t, file, "version: 1\ntarget: {url: http://"+at+"}\nbefore: "+c.steps+"\nuris: [/]\n")
			code, out, errs := output(t, bin, "run", file, "-o", "json")
			if code != exitUnmeasured || !strings.Contains(errs, c.says) {
				t.Errorf("exit code %d, want 3 and %q:\n%s%s", code, c.says, errs, out)
			}
		})
	}
}
