package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// disclosed are the secrets that teller is told: of the environment, of a capture, of flags.
var disclosed = map[string]string{
	"environment": `hush/"hush"+1`, "capture": "captured/token+1", "header": "bearer-bearer", "cookie": "cookie-cookie", "variable": "pass word pass",
}

const tellerScenario = `version: 1
name: teller
target:
  command: [%BIN%, "${TELLER_KEY}", %DIED%]
  dir: %DIR%
  env: {KEY: "${TELLER_KEY}"}
  restarts: 1
secrets: [TELLER_KEY]
before:
  - {uri: /login, capture: [{as: token, json: token}]}
requests: 60
sites: off
uris:
  - {uri: "/page?key=${TELLER_KEY}&token={{token}}&password={{password}}", name: "page ${TELLER_KEY}", expect: {status: 200}}
  - {uri: /, ignore: {reason: "as ${TELLER_KEY} says, captured/token+1", until: 2099-01-31}}
`

// Wherever a run meets a secret, its journal does not hold it, in no encoding, and
// gives the same result as the run.
func TestNoSecretInAJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bin := filepath.Join(dir, "teller")
	if out, err := exec.Command("go", "build", "-o", bin, "./testdata/teller").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	at := filepath.Join(dir, url.PathEscape(disclosed["environment"]))
	if err := os.Mkdir(at, 0o700); err != nil {
		t.Fatal(err)
	}
	file, journal, result := filepath.Join(dir, "teller.yaml"), filepath.Join(dir, "run.jsonl"), filepath.Join(dir, "result.json")
	text := strings.NewReplacer("%BIN%", bin, "%DIED%", filepath.Join(dir, "died"), "%DIR%", at).Replace(tellerScenario)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.Command("leakhunt", "run", file, "--journal", journal, "-o", "json="+result,
		"-H", "Authorization: Bearer "+disclosed["header"], "-H", "Cookie: sid="+disclosed["cookie"], "--var", "password="+disclosed["variable"])
	run.Env = append(os.Environ(), "TELLER_KEY="+disclosed["environment"])
	said, err := run.CombinedOutput()
	if code := exitOf(err); code != exitUnmeasured {
		t.Fatalf("exit code %d:\n%s", code, said)
	}
	kept, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(kept), `"e":"opened"`); n != 2 || !strings.Contains(string(kept), "it said") {
		t.Errorf("%d processes were measured, and this was to be told:\n%s", n, said)
	}
	for name, value := range disclosed {
		for _, coded := range encoded(value) {
			if strings.Contains(string(kept), coded) {
				t.Errorf("%s: the journal holds %q", name, coded)
			}
			if strings.Contains(string(said), coded) {
				t.Errorf("%s: the output holds %q", name, coded)
			}
		}
	}
	again, err := exec.Command("leakhunt", "judge", journal, "-o", "json").Output()
	if code := exitOf(err); code != exitUnmeasured {
		t.Errorf("judged again: exit code %d", code)
	}
	if first, err := os.ReadFile(result); err != nil || string(again) != string(first) {
		t.Errorf("judged again it is another result (%v):\n%s\n%s", err, first, again)
	}
}

// encoded is a value in the ways in which it may be told.
func encoded(v string) []string {
	text, _ := json.Marshal(v)
	return []string{
		v, string(text[1 : len(text)-1]), url.PathEscape(v), url.QueryEscape(v), hex.EncodeToString([]byte(v)),
		base64.StdEncoding.EncodeToString([]byte(v)), base64.RawURLEncoding.EncodeToString([]byte(v)),
	}
}
