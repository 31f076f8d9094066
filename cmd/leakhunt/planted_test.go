package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// plants are the secrets of TestPlantedSecrets, by where leakhunt learns them from.
var plants = map[string]string{
	"environment, 100 kB":     secretKey,
	"environment, torn":       `torn/"in two"+<writes> & more`,
	"environment, many lines": "-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0B/+==\nAQEFAASCAUAwggE8AgEAAkEA\n-----END KEY-----",
	"environment, password":   `p4ss"w<o>rd&of/the+form`,
	"capture, JSON":           `json/"token"+<of> the & login`,
	"capture, header":         "csrf/of+the=header",
	"capture, cookie":         "session/of+the.login",
	"flag, Authorization":     "bearer/of+the=flag~1",
	"flag, Cookie":            "cookie/of+the=flag",
	"flag, by its name":       `x-auth/"of"+<the> & flag`,
	"flag, by its looks":      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
	"variable":                `pwd/"of"+<the> & variable`,
}

// waysToTell are the eight encodings in which an application tells a secret.
var waysToTell = map[string]func(string) string{
	"as it is": func(v string) string { return v },
	"JSON":     func(v string) string { text, _ := json.Marshal(v); return string(text[1 : len(text)-1]) },
	"inspect":  func(v string) string { return strings.Trim(strconv.Quote(v), `"`) },
	"path":     url.PathEscape,
	"query":    url.QueryEscape,
	"HTML":     html.EscapeString,
	"hex":      func(v string) string { return hex.EncodeToString([]byte(v)) },
	"base64":   func(v string) string { return base64.StdEncoding.EncodeToString([]byte(v)) },
}

// tell tells all of them in every encoding, but for one kind: the torn one first, in two writes.
func tell(w io.Writer, but string, most int) {
	torn := plants["environment, torn"]
	_, _ = io.WriteString(w, "torn: "+torn[:9])
	time.Sleep(20 * time.Millisecond) // two reads
	_, _ = io.WriteString(w, torn[9:]+"\n")
	for _, name := range slices.Sorted(maps.Keys(plants)) {
		if but != "" && strings.HasPrefix(name, but) {
			continue
		}
		for _, way := range slices.Sorted(maps.Keys(waysToTell)) {
			if text := waysToTell[way](plants[name]); len(text) <= most {
				_, _ = fmt.Fprintf(w, "%s: %s\n", name, text)
			}
		}
	}
}

// indiscreet is an application that tells what it knows: as it starts, in its answers, and with
// its last words.
func indiscreet() {
	most := 4 << 10
	if os.Getenv("PLANTS") == "long" {
		most = 1 << 20
	}
	tell(os.Stderr, "capture", most) // those leakhunt does not know yet
	if os.Getenv("PLANTS") == "exits" {
		os.Exit(7)
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	n := 0
	_ = (&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:gosec // a fixture on loopback
		switch r.URL.Path {
		case "/login":
			w.Header().Set("X-Csrf", plants["capture, header"])
			w.Header().Set("Set-Cookie", "sid="+plants["capture, cookie"])
			_ = json.NewEncoder(w).Encode(map[string]string{"token": plants["capture, JSON"]})
		case "/refused":
			w.Header().Set("Location", "/refused?password="+url.QueryEscape(r.FormValue("password")))
			w.WriteHeader(http.StatusForbidden)
			tell(w, "capture", most)
		case "/bad":
			var q []string
			for _, name := range slices.Sorted(maps.Keys(plants)) {
				if len(plants[name]) < 1000 {
					q = append(q, url.QueryEscape(plants[name]))
				}
			}
			http.Redirect(w, r, "/elsewhere?"+strings.Join(q, "&"), http.StatusFound)
		case "/probe":
			var all strings.Builder
			tell(&all, "capture", 200)
			_ = json.NewEncoder(w).Encode(map[string]string{"n": all.String()})
		case "/dies":
			if n++; n < 8 {
				return
			}
			for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
				if _, err := os.Stat("die"); err == nil {
					break
				}
			}
			tell(os.Stderr, "", 1<<20)
			tell(os.Stderr, "", 4<<10) // of last words the last are kept
			os.Exit(7)
		}
	})}).Serve(l)
}

const plantedHead = `version: 1
name: planted
target: {command: [hostile], ready: {uri: /, timeout: 5s}}
secrets: [KEY, TORN, LINES, PASSWORD]
timeout: 30s
sites: off
headers: {X-Torn: "${TORN}"}
`

const plantedRun = plantedHead + `requests: 20
warmup: 5
rounds: 1
before:
  - {method: POST, uri: /login, form: {password: "${PASSWORD}"}, capture: [{as: token, json: token}, {as: csrf, header: X-Csrf}, {as: session, cookie: sid}]}
uris:
  - {uri: "/page?token={{token}}&csrf={{csrf}}&session={{session}}&pwd={{pwd}}", name: "page ${TORN}"}
  - /bad
  - /dies
`

// TestPlantedSecrets has twelve secrets told in eight encodings wherever an application, or
// leakhunt, may tell something: no output holds one of them.
func TestPlantedSecrets(t *testing.T) {
	t.Parallel()
	p := &planting{dir: t.TempDir(), seen: map[string]string{}}
	at := func(name string) string { return filepath.Join(p.dir, name) }
	for name, text := range map[string]string{
		"run.yaml":     plantedRun,
		"refused.yaml": plantedHead + "before: [{method: POST, uri: /refused, form: {password: \"${PASSWORD}\"}, expect: {status: 200}}]\nuris: [/]\n",
		"none.yaml":    plantedHead + "before: [{uri: /login, capture: [{as: x, header: X-None}]}]\nuris: [\"/?{{x}}\"]\n",
		"probe.yaml":   plantedHead + "runtime: none\nprobes: [{name: n, uri: /probe, json: n, unit: objects}]\nuris: [/]\n",
		"settle.yaml":  plantedHead + "settle: {exec: [sh, -c, 'echo \"$TORN $PASSWORD\" >&2; exit 3']}\nuris: [/]\n",
		"gone.yaml":    strings.Replace(plantedHead, "[hostile]", "[\"/nowhere/${TORN}\"]", 1) + "uris: [/]\n",
		"broken.yaml":  plantedHead + "uris: [\"/?${TORN}\", {uri: \"/${PASSWORD}\", expect: {status: \"${TORN}\"}}, \"${PASSWORD}\"\n",
		"wrong.yaml":   plantedHead + "requests: \"${TORN}\"\nuris: [{uri: \"/${PASSWORD}\", method: \"${TORN}\"}, \"${PASSWORD}\"]\n",
	} {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	formats := []string{"json", "html", "junit", "markdown", "csv", "openmetrics"}
	args := []string{"run", "run.yaml", "PLANTS=long", "-v", "--progress", "plain", "--journal", "run.jsonl", "-o", "table"}
	for _, f := range formats {
		args = append(args, "-o", f+"=out."+f)
	}
	run := p.command(args...)
	var out bytes.Buffer
	run.Stdout = &out
	lines := startLines(t, run)
	for pinned := false; !pinned; {
		line, ok := lines.next()
		if !ok {
			t.Fatalf("it ended before anything was pinned:\n%s", ends(lines.all()))
		}
		pinned = strings.Contains(line, "pinned pid ")
	}
	p.see(t, []int{0}, "ps")
	p.see(t, []int{0}, "ps", "-o", "json")
	p.seen["the arguments of what leakhunt started"] = argumentsBelow(run.Process.Pid)
	if err := os.WriteFile(at("die"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.seen["run -v, standard error"] = lines.rest()
	_ = run.Wait()
	if code := run.ProcessState.ExitCode(); code != exitUnmeasured || !strings.Contains(lines.all(), "it said") {
		t.Errorf("run: exit code %d\n%s", code, ends(lines.all()))
	}
	p.seen["run, standard output"] = out.String()
	for _, name := range append(slices.Clone(formats), "journal") {
		file := at("out." + name)
		if name == "journal" {
			file = at("run.jsonl")
		}
		text, err := os.ReadFile(file)
		if err != nil || len(text) == 0 {
			t.Errorf("%s: %v", name, err)
		}
		p.seen["run -o "+name] = string(text)
	}

	for _, f := range append(slices.Clone(formats), "table") {
		p.see(t, nil, "report", "run.jsonl", "-o", f)
		p.see(t, nil, "report", "out.json", "-o", f)
	}
	p.see(t, nil, "judge", "run.jsonl", "-o", "json")
	p.see(t, nil, "compare", "out.json", "run.jsonl", "--allow-different")
	p.see(t, []int{0}, "runs")
	p.see(t, []int{0}, "run", "run.yaml", "--dry-run")
	p.see(t, []int{exitUsage}, "validate", "broken.yaml")
	p.see(t, []int{exitUsage}, "validate", "wrong.yaml")
	for _, name := range []string{"refused", "none", "probe", "settle", "gone"} {
		p.see(t, []int{exitUnmeasured}, "run", name+".yaml", "-v", "--journal", name+".jsonl", "-o", "table", "-o", "json="+name+".json")
		p.file(name+".jsonl", name+".json")
	}
	p.see(t, []int{exitUnmeasured}, "run", "run.yaml", "-v", "PLANTS=exits")
	p.see(t, []int{exitUsage}, "run", "run.yaml", "-H", "Authorization "+plants["flag, Authorization"])
	p.hits(t)
}

// planting is what twelve secrets were told to, and what was said.
type planting struct {
	dir  string
	seen map[string]string // by what said it
}

// command is leakhunt, told the secrets; a word with PLANTS= is for its environment.
func (p *planting) command(args ...string) *exec.Cmd {
	env := append(os.Environ(), "HOSTILE=plants", "KEY="+secretKey, "TORN="+plants["environment, torn"],
		"LINES="+plants["environment, many lines"], "PASSWORD="+plants["environment, password"])
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool {
		if strings.HasPrefix(a, "PLANTS=") {
			env = append(env, a)
			return true
		}
		return false
	})
	if args[0] == "run" {
		env = append(env, "LEAKHUNT_VAR=pwd="+plants["variable"])
		args = append(args, "-H", "Authorization: Bearer "+plants["flag, Authorization"], "-H", "Cookie: sid="+plants["flag, Cookie"],
			"-H", "X-Auth: "+plants["flag, by its name"], "-H", "X-Whatever: Bearer "+plants["flag, by its looks"])
	}
	cmd := exec.Command(os.Getenv(releasedVariable), args...) // with the race detector it takes a minute
	cmd.Dir, cmd.Env = p.dir, env
	return cmd
}

// see runs a command, whose exit code may be one of these; nil: any but that of a panic.
func (p *planting) see(t *testing.T, codes []int, args ...string) {
	t.Helper()
	cmd := p.command(args...)
	out, err := cmd.CombinedOutput()
	if code := exitOf(err); codes != nil && !slices.Contains(codes, code) || bytes.Contains(out, []byte("goroutine ")) {
		t.Errorf("leakhunt %v: exit code %d\n%s", args, code, ends(string(out)))
	}
	p.seen[strings.Join(args, " ")] = string(out)
}

func (p *planting) file(names ...string) {
	for _, name := range names {
		if text, err := os.ReadFile(filepath.Join(p.dir, name)); err == nil {
			p.seen[name] = string(text)
		}
	}
}

// argumentsBelow are the arguments of all that descends from a process, as ps(1) shows them.
func argumentsBelow(pid int) string {
	var out strings.Builder
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for _, child := range strings.Fields(string(text)) {
			n, _ := strconv.Atoi(child)
			line, _ := os.ReadFile("/proc/" + child + "/cmdline")
			out.Write(append(line, '\n'))
			out.WriteString(argumentsBelow(n))
		}
	}
	return out.String()
}

// hits looks for every secret, in every encoding, in all that was said. Of the long one some
// of its beginning and some of its middle are looked for.
func (p *planting) hits(t *testing.T) {
	t.Helper()
	looked, size := 0, 0
	for where, text := range p.seen {
		size += len(text)
		for name, value := range plants {
			for way, encode := range waysToTell {
				pieces := []string{encode(value)}
				if strings.Contains(value, "\n") {
					for line := range strings.Lines(value) {
						pieces = append(pieces, encode(strings.TrimSpace(line)))
					}
				}
				if len(value) > 1000 {
					pieces = []string{encode(value[:42]), encode(value[48_000:48_042])}
				}
				for _, piece := range pieces {
					if looked++; strings.Contains(text, piece) {
						i := strings.Index(text, piece)
						t.Errorf("%s tells the secret of %s (%s): …%.200q", where, name, way, text[max(0, i-60):])
					}
				}
			}
		}
	}
	t.Logf("%d outputs, %d kB: %d secrets in %d encodings were looked for %d times", len(p.seen), size>>10, len(plants), len(waysToTell), looked)
}
