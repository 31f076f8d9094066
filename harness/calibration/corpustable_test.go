package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

// keptCorpus keeps a run of an application of the corpus, as if it had been hunted.
func keptCorpus(t *testing.T, journals, name, evidence string, uris ...result.URI) {
	t.Helper()
	apps, err := corpusApplications()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range apps {
		if a.Name != name {
			continue
		}
		trial := corpusTrial{app: a, evidence: evidence, seed: 1}
		res := &result.Result{URIs: uris, RequestsTotal: 4000, DurationS: 61.4, Complete: true}
		journal := filepath.Join(t.TempDir(), "run.jsonl")
		if err := os.WriteFile(journal, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(journals, trial.file())
		if err := keep(journal, path, res, trial.truth(res)); err != nil {
			t.Fatal(err)
		}
		if err := writeJSON(path+".run.json", trial.summary(res)); err != nil {
			t.Fatal(err)
		}
	}
}

// The table is of what is kept: nothing of that is run again.
func TestCorpusTable(t *testing.T) {
	dir := t.TempDir()
	journals := filepath.Join(dir, "journals")
	keptCorpus(t, journals, "json-server", "counter",
		result.URI{Name: "/posts", Verdict: verdict.Leak, Growth: 9, Why: "it grows | and grows"},
		result.URI{Name: "/profile", Verdict: verdict.Stable},
		result.URI{Name: plantedRow, Verdict: verdict.Leak, Growth: 1030.4})
	keptCorpus(t, journals, "json-server", "tight",
		result.URI{Name: "/posts", Verdict: verdict.Stable},
		result.URI{Name: plantedRow, Verdict: verdict.Stable, Detectable: 300, Why: "no growth"})
	keptCorpus(t, journals, "tomcat10-examples", "counter",
		result.URI{Name: "new visitor", Verdict: verdict.Leak, Why: "sessions"},
		result.URI{Name: "/", Verdict: verdict.Inconclusive, Why: "few requests"},
		result.URI{Name: plantedRow, Verdict: verdict.Leak, Growth: 1024})
	var out bytes.Buffer
	args := []string{"-corpus", dir, "-only", "json-server,tomcat10-examples", "-leakhunt", "/nonexistent"}
	if err := calibrate(context.Background(), args, &out, io.Discard, frozen); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| json-server | 0.17.4 | node | counter | 3 | yes | 1 of 2 | 0 | 0 | 1030 of 1024 B | 4000 | 61 |\n",
		"| json-server | 0.17.4 | node | tight | 2 | yes | 0 of 1 | 1 | 0 | stable | 4000 | 61 |\n",
		"| tomcat10-examples | 10.1.60 | java | counter | 3 | yes | 0 of 1 | 0 | 1 | 1024 of 1024 B | 4000 | 61 |\n",
		"| yard | 0.9.28 | ruby | | 4 | no | not hunted | | | | | |\n",
		"\n3 runs. Innocents accused: 1 of 4. Planted leaks found: 2 of 3. Lies: 1. Open: 1.\n",
		"\n| yes | counter | 2 | 1 of 3 | 2 of 2 | 0 | 1 |\n| yes | tight | 1 | 0 of 1 | 0 of 1 | 1 | 0 |\n| no | counter | 0 | 0 of 0 | 0 of 0 | 0 | 0 |\n",
		"| json-server | counter | /posts | leak | 0 B | it grows \\| and grows |\n",
		"| json-server | tight | planted | stable | 4096 B | no growth |\n",
		"| tomcat10-examples | counter | new visitor | leak | not known: a page in JSP makes a session",
		"| tomcat10-examples | counter | / | inconclusive | 0 B | few requests |\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "| json-server | 0.17.4 | node | | ") {
		t.Errorf("what was hunted is said not to be:\n%s", out.String())
	}
	if strings.Contains(out.String(), "| /profile |") {
		t.Errorf("what is as the truth is stands among the odd:\n%s", out.String())
	}
	args[3] = "yard"
	if err := calibrate(context.Background(), args, &out, io.Discard, frozen); err == nil || !strings.Contains(err.Error(), "corpus-yard-counter-seed1: ") {
		t.Errorf("what is not kept was not run: %v", err)
	}
}

// The journals of the table are judged anew: nobody is accused, and no leak is excluded.
func TestCorpusJournals(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := calibrate(context.Background(), []string{"-replay", "corpus/journals", "-o", "json"}, &out, io.Discard, frozen); err != nil {
		t.Fatal(err)
	}
	var got Replayed
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Journals < 12 || got.Is.Accused > 0 || got.Is.Lies > 0 {
		t.Errorf("%d journals: %+v, wrong: %+v", got.Journals, got.Is, got.Wrong)
	}
}
