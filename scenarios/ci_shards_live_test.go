//go:build live

package scenarios_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// shards is the scenario that the jobs below share out, of the demo at a URL or not.
const shards = "version: 1\nname: shop\ntarget: {demo: {}}\nrequests: 100\nsites: off\nuris: [/leak/3k, /, /pool, /transient]\n"

func (j *job) shared(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(j.dir, "leakhunt.yaml"), []byte(shards), 0o644); err != nil {
		t.Fatal(err)
	}
}

// merged checks the result of all shards.
func (j *job) merged(t *testing.T, file string) {
	t.Helper()
	for _, uri := range []string{"/leak/3k", "/", "/pool", "/transient"} {
		j.has(t, file, `"uri": "`+uri+`"`)
	}
	j.has(t, file, `"leak": 1,`)
}

func TestGitHubMatrix(t *testing.T) {
	t.Parallel()
	lint := exec.Command("go", "run", actionlint, "ci/github-matrix.yml")
	lint.Env = append(os.Environ(), "GOFLAGS=")
	if out, err := lint.CombinedOutput(); err != nil {
		t.Fatalf("actionlint: %v\n%s", err, out)
	}
	var workflow struct {
		Jobs map[string]struct {
			Strategy struct{ Matrix struct{ Shard []int } }
			Steps    []struct{ Name, Run string }
		}
	}
	readYAML(t, "ci/github-matrix.yml", &workflow)
	steps := map[string]string{}
	for _, name := range []string{"hunt", "merge"} {
		for _, s := range workflow.Jobs[name].Steps {
			steps[s.Name] = s.Run
		}
	}
	j := newJob(t)
	j.shared(t)
	j.env = append(j.env, "GITHUB_PATH="+j.dir+"/path", "CI=true", "PATH="+j.dir+"/.leakhunt:"+os.Getenv("PATH"))
	j.run(t, 0, "bash", steps["Install leakhunt"])
	all := len(workflow.Jobs["hunt"].Strategy.Matrix.Shard)
	for i := range all {
		j.run(t, 0, "bash", "export STRATEGY_JOB_TOTAL="+strconv.Itoa(all)+" STRATEGY_JOB_INDEX="+strconv.Itoa(i)+"\n"+steps["Hunt"])
	}
	j.run(t, 0, "bash", "cp -r leakhunt-shard leakhunt-shards")
	j.run(t, 1, "bash", steps["Merge"])
	j.merged(t, "leakhunt-report/result.json")
	j.run(t, 2, "bash", "rm leakhunt-shards/2.json\n"+steps["Merge"]) // a shard is missing
}

// TestGitLabParallel runs the scripts. GitLab's schema is in no Go module: what they
// say beside them is looked at by nobody here.
func TestGitLabParallel(t *testing.T) {
	t.Parallel()
	var config map[string]struct {
		Parallel int
		Script   []string
		Needs    []string
	}
	readYAML(t, "ci/gitlab-parallel.yml", &config)
	j := newJob(t)
	j.shared(t)
	j.env = append(j.env, "CI=true", "LEAKHUNT_PROGRESS=plain")
	hunt, merge := config["leakhunt"], config["leakhunt-merge"]
	j.run(t, 0, "sh", hunt.Script[0]+"\n"+hunt.Script[1])
	for i := range hunt.Parallel {
		j.run(t, 0, "sh", "export CI_NODE_TOTAL="+strconv.Itoa(hunt.Parallel)+" CI_NODE_INDEX="+strconv.Itoa(i+1)+"\n"+strings.Join(hunt.Script[2:], "\n"))
	}
	j.run(t, 1, "sh", strings.Join(merge.Script[2:], "\n"))
	j.merged(t, "leakhunt-report/result.json")
	j.has(t, "leakhunt-report/junit.xml", "<failure")
}

// strict reads each document into the type that Kubernetes has for it: a field that
// there is not, twice or of another type is an error. It is a module of its own, so
// that none of Kubernetes' is one of leakhunt.
const strict = `package main

import (
	"bytes"
	"fmt"
	"os"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	for _, name := range os.Args[1:] {
		text, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		for _, doc := range bytes.Split(text, []byte("\n---\n")) {
			var kind struct{ APIVersion, Kind string }
			if err := yaml.Unmarshal(doc, &kind); err != nil {
				panic(err)
			}
			into, ok := map[string]any{
				"v1 ConfigMap": &core.ConfigMap{}, "v1 PersistentVolumeClaim": &core.PersistentVolumeClaim{}, "batch/v1 Job": &batch.Job{},
			}[kind.APIVersion+" "+kind.Kind]
			if !ok {
				panic(kind)
			}
			if err := yaml.UnmarshalStrict(doc, into); err != nil {
				fmt.Println(name, kind, err)
				os.Exit(1)
			}
		}
	}
}
`

// manifest is what of a Job the pods below are made of.
type manifest struct {
	Kind string
	Data map[string]string
	Spec struct {
		CompletionMode string `yaml:"completionMode"`
		Completions    int
		Template       struct {
			Spec struct {
				ShareProcessNamespace bool `yaml:"shareProcessNamespace"`
				Containers            []struct {
					Args []string
					Env  []struct{ Name, Value string }
				}
			}
		}
	}
}

func manifests(t *testing.T, file string) (all []manifest) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range strings.Split(string(text), "\n---\n") {
		var m manifest
		if err := yaml.Unmarshal([]byte(doc), &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

var reference = regexp.MustCompile(`\$\((\w+)\)`)

func TestKubernetesJob(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	files := []string{"kubernetes.yaml", "kubernetes-merge.yaml"}
	for name, text := range map[string]string{"main.go": strict, "go.mod": "module strict\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(j.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		text, err := os.ReadFile("ci/" + f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(j.dir, f), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	j.run(t, 0, "sh", "go get k8s.io/api@v0.36.2 sigs.k8s.io/yaml@v1.6.0 && go mod tidy && go build -o strict . && ./strict kubernetes.yaml kubernetes-merge.yaml")
	j.run(t, 1, "sh", "sed s/shareProcessNamespace/shareProcessNamespaces/ kubernetes.yaml > wrong.yaml && ./strict wrong.yaml")

	all := manifests(t, "ci/kubernetes.yaml")
	job := all[len(all)-1].Spec
	pod := job.Template.Spec
	if job.CompletionMode != "Indexed" || !pod.ShareProcessNamespace {
		t.Errorf("%+v", job)
	}
	j.run(t, 0, "sh", `curl -fsSL -o leakhunt "$LEAKHUNT_URL" && chmod +x leakhunt && mkdir results`)
	if err := os.WriteFile(filepath.Join(j.dir, "given.yaml"), []byte(all[0].Data["leakhunt.yaml"]), 0o644); err != nil {
		t.Fatal(err)
	}
	j.run(t, 0, "sh", "./leakhunt validate given.yaml")
	j.shared(t)
	// run does what a pod's container does, with the folders of this job.
	run := func(code, index int, c manifest) {
		container := c.Spec.Template.Spec.Containers[0]
		env := []string{"JOB_COMPLETION_INDEX=" + strconv.Itoa(index)}
		for _, e := range container.Env {
			if e.Value != "" {
				env = append(env, e.Name+"="+e.Value)
			}
		}
		args := make([]string, len(container.Args))
		for i, a := range container.Args {
			a = strings.NewReplacer("/scenario/", "", "/results/", "results/").Replace(a)
			args[i] = reference.ReplaceAllString(a, strconv.Itoa(index)) // there is but one
		}
		before := j.env
		j.env = append(j.env[:len(before):len(before)], env...)
		j.run(t, code, "sh", `./leakhunt "$@"`, args...)
		j.env = before
	}
	merge := manifests(t, "ci/kubernetes-merge.yaml")[0]
	for i := range job.Completions {
		run(0, i, all[len(all)-1])
	}
	run(1, 0, merge)
	j.merged(t, "results/all.json")
	j.run(t, 0, "sh", "rm results/3.json")
	run(2, 0, merge) // it is missing
}
