//go:build live

package scenarios_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"
)

const actionlint = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"

// job is a job's folder: an application's checkout with a scenario in it.
type job struct {
	dir string
	env []string
}

// built is the program, compiled once for all jobs.
var built = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "leakhunt-ci-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder for temporary files
	binary := filepath.Join(dir, "leakhunt")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "../cmd/leakhunt")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return os.ReadFile(binary)
})

// newJob makes a job whose CI server can load leakhunt as it is here.
func newJob(t *testing.T) *job {
	t.Helper()
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir, binary := t.TempDir(), filepath.Join(t.TempDir(), "leakhunt-linux-amd64")
	if err := os.WriteFile(binary, program, 0o755); err != nil {
		t.Fatal(err)
	}
	j := &job{dir, append(os.Environ(), "LEAKHUNT_URL=file://"+binary, fmt.Sprintf("LEAKHUNT_SHA256=%x", sha256.Sum256(program)),
		"GITHUB_ACTIONS=", "GITHUB_STEP_SUMMARY=")}
	scenario := "version: 1\nname: shop\ntarget: {demo: {}}\nrequests: 250\nsites: off\nuris: [/leak/3k, /]\n"
	if err := os.WriteFile(filepath.Join(dir, "leakhunt.yaml"), []byte(scenario), 0o644); err != nil {
		t.Fatal(err)
	}
	return j
}

// run runs a script and checks its exit code; it returns what it said.
func (j *job) run(t *testing.T, code int, shell, script string, args ...string) string {
	t.Helper()
	cmd := exec.Command(shell, append([]string{"-e", "-c", script, shell}, args...)...)
	cmd.Dir, cmd.Env = j.dir, j.env
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("exit code %d (%v), want %d\n%s\n%s", got, err, code, script, out)
	}
	return string(out)
}

// has checks that a report was written.
func (j *job) has(t *testing.T, file, text string) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(j.dir, file))
	if err != nil || !bytes.Contains(got, []byte(text)) {
		t.Errorf("%s: %v, want %q in it", file, err, text)
	}
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func TestGitHubWorkflow(t *testing.T) {
	t.Parallel()
	lint := exec.Command("go", "run", actionlint, "ci/github.yml")
	lint.Env = append(os.Environ(), "GOFLAGS=") // in no way a dependency of this module
	if out, err := lint.CombinedOutput(); err != nil {
		t.Fatalf("actionlint: %v\n%s", err, out)
	}
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct{ Name, Run string }
		}
	}
	readYAML(t, "ci/github.yml", &workflow)
	steps := map[string]string{}
	for _, s := range workflow.Jobs["leakhunt"].Steps {
		steps[s.Name] = s.Run
	}
	j := newJob(t)
	j.env = append(j.env, "GITHUB_ACTIONS=true", "GITHUB_PATH="+j.dir+"/path", "GITHUB_STEP_SUMMARY="+j.dir+"/summary.md", "CI=true")
	// Another program than was pinned is not taken.
	j.run(t, 1, "bash", "LEAKHUNT_SHA256=${LEAKHUNT_SHA256/%?/x}\n"+steps["Install leakhunt"])
	j.run(t, 0, "bash", steps["Install leakhunt"])
	path, err := os.ReadFile(filepath.Join(j.dir, "path"))
	if err != nil {
		t.Fatal(err)
	}
	j.env = append(j.env, "PATH="+strings.TrimSpace(string(path))+":"+os.Getenv("PATH"))
	out := j.run(t, 1, "bash", steps["Hunt"])
	if !strings.Contains(out, "::error file=leakhunt.yaml,line=6,title=leak%3A /leak/3k::") {
		t.Errorf("no annotation:\n%s", out)
	}
	j.has(t, "summary.md", "/leak/3k")
	j.has(t, "leakhunt-report/junit.xml", "<failure")
	j.has(t, "leakhunt-report/report.html", "</html>")
	// One that ended before its time makes none.
	j.run(t, 0, "bash", "mkdir -p early/leakhunt-report && cd early && "+
		`sed 's/"complete": true/"complete": false/' ../leakhunt-report/result.json > leakhunt-report/result.json`+"\n"+
		steps["This result is the next baseline"]+"\ntest ! -e leakhunt-baseline")
	j.run(t, 0, "bash", steps["This result is the next baseline"])
	// The main branch has the leak too: it is not this pull request's.
	j.run(t, 0, "bash", steps["Hunt"])
}

func TestGitLabJob(t *testing.T) {
	t.Parallel()
	var config struct {
		Leakhunt struct{ Script []string }
	}
	readYAML(t, "ci/gitlab.yml", &config)
	j := newJob(t)
	j.env = append(j.env, "CI=true", "LEAKHUNT_PROGRESS=plain", "CI_COMMIT_BRANCH=main", "CI_DEFAULT_BRANCH=main")
	script := strings.Join(config.Leakhunt.Script, "\n")
	j.run(t, 1, "sh", script)
	j.has(t, "leakhunt-report/junit.xml", "<failure")
	j.has(t, "leakhunt-report/metrics.txt", "# EOF")
	j.has(t, "leakhunt-baseline/result.json", `"verdict": "leak"`)
	hunt := config.Leakhunt.Script[len(config.Leakhunt.Script)-1]
	j.run(t, 0, "sh", hunt)
}

var shStep = regexp.MustCompile(`(?s)sh '''(.*?)'''`)

func TestJenkinsfile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("ci/Jenkinsfile")
	if err != nil {
		t.Fatal(err)
	}
	if opened, closed := bytes.Count(text, []byte("{")), bytes.Count(text, []byte("}")); opened != closed {
		t.Errorf("%d braces opened, %d closed", opened, closed)
	}
	steps := shStep.FindAllSubmatch(text, -1)
	if len(steps) != 2 {
		t.Fatalf("%d steps", len(steps))
	}
	j := newJob(t)
	j.env = append(j.env, "LEAKHUNT_PROGRESS=plain")
	j.run(t, 0, "sh", string(steps[0][1]))
	out := j.run(t, 1, "sh", string(steps[1][1]))
	if strings.ContainsRune(out, '\x1b') {
		t.Errorf("a log with control characters: %q", out)
	}
	j.has(t, "leakhunt-report/junit.xml", "<failure")
}

func TestSystemdUnits(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.run(t, 0, "sh", `curl -fsSL -o leakhunt "$LEAKHUNT_URL" && chmod +x leakhunt`)
	unit, err := os.ReadFile("ci/leakhunt.service")
	if err != nil {
		t.Fatal(err)
	}
	// The same unit, with the paths of this job.
	local := strings.NewReplacer("/usr/local/bin/leakhunt", j.dir+"/leakhunt", "/etc/leakhunt/shop.yaml", j.dir+"/leakhunt.yaml",
		"/var/lib/leakhunt", j.dir).Replace(string(unit))
	timer, err := os.ReadFile("ci/leakhunt.timer")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"leakhunt.service": local, "leakhunt.timer": string(timer)} {
		if err := os.WriteFile(filepath.Join(j.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := j.run(t, 0, "sh", "systemd-analyze verify ./leakhunt.service ./leakhunt.timer 2>&1")
	if strings.Contains(out, "leakhunt") {
		t.Errorf("systemd-analyze: %s", out)
	}
	command, _, _ := strings.Cut(local[strings.Index(local, "ExecStart=")+len("ExecStart="):], "\n# ")
	j.run(t, 1, "sh", command)
	j.has(t, "leakhunt.prom", fmt.Sprintf("uri=%q", "/leak/3k"))
}
