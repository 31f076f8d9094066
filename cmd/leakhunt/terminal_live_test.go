//go:build live

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"
)

// tmux is a terminal of its own, with a shell in it.
type tmux struct {
	t      *testing.T
	socket string
}

func newTmux(t *testing.T, columns, rows int) *tmux {
	t.Helper()
	tm := &tmux{t, filepath.Join(t.TempDir(), "tmux")}
	tm.do("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), "sh -i")
	t.Cleanup(func() { tm.do("kill-server") })
	tm.typed("unset CI NO_COLOR GITHUB_ACTIONS; PATH='" + os.Getenv("PATH") + "'; PS1='ready''$ '; clear")
	tm.until("ready$")
	return tm
}

func (tm *tmux) do(args ...string) string {
	tm.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-u", "-S", tm.socket}, args...)...).CombinedOutput()
	if err != nil {
		tm.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (tm *tmux) typed(line string) { tm.do("send-keys", "-l", line); tm.do("send-keys", "Enter") }

// screen is what a person sees; all adds what has scrolled away, colours as
// control sequences.
func (tm *tmux) screen() string { return tm.do("capture-pane", "-p") }
func (tm *tmux) all() string    { return tm.do("capture-pane", "-p", "-e", "-S", "-") }

// until waits for a text on the screen.
func (tm *tmux) until(text string) string {
	tm.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if s := tm.screen(); strings.Contains(s, text) {
			return s
		}
	}
	tm.t.Fatalf("never seen: %q\n%s", text, tm.all())
	return ""
}

// prompted waits until the shell asks for a line: what is typed while a program ends may be
// lost with its terminal settings.
func (tm *tmux) prompted() {
	tm.t.Helper()
	for end := time.Now().Add(30 * time.Second); !strings.HasSuffix(strings.TrimSpace(tm.screen()), "ready$"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			tm.t.Fatalf("no prompt\n%s", tm.all())
		}
	}
}

// redrawn waits until the screen has changed twice: what was on the way when
// the terminal changed its size is then gone.
func (tm *tmux) redrawn() {
	tm.t.Helper()
	for range 2 {
		before := tm.screen()
		for end := time.Now().Add(30 * time.Second); tm.screen() == before; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				tm.t.Fatalf("the screen stands still\n%s", before)
			}
		}
	}
}

const terminalScenario = `version: 1
name: terminal
target: {command: %s}
requests: %d
sites: off
uris:
  - /orders
  - {uri: /cart, name: "日本語のとても長い名前のページでどこまでも続くもの注文一覧と、もっと長いもの"}
  - {uri: /, name: "%s end"}
  - {uri: /search, name: "emoji 🎉, an override %s and a bell"}
`

// terminalRun is a run to be looked at. Its application waits before it answers: so many
// side by side would take all of the processors, and what is looked at does not need them.
func terminalRun(t *testing.T, requests int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "t.yaml")
	text := fmt.Sprintf(terminalScenario, list(t, append(goShop(t)("/orders=8192"), "-wait", "1ms")), requests, strings.Repeat("very long ", 30), "\u202e")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLiveTable(t *testing.T) {
	t.Parallel()
	bin := build(t)
	for _, columns := range []int{60, 100, 200} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			t.Parallel()
			tm := newTmux(t, columns, 24)
			tm.typed(bin + " run " + terminalRun(t, 5_000))
			tm.until("Verdict")
			tm.redrawn() // the first frame may be half on the screen
			screen := tm.screen()
			t.Log("\n" + screen)
			for _, want := range []string{"Growth/request", "/orders", "日本語", "emoji 🎉", "RSS", " %", "round"} {
				if !strings.Contains(screen, want) {
					t.Errorf("no %q", want)
				}
			}
			// One table, its rows not broken up: 4 of them, a heading and a bar.
			_, table, _ := strings.Cut(screen, "Verdict")
			if table, _, _ = strings.Cut(table, "["); strings.Count(table, "\n") != 5 {
				t.Errorf("want 5 lines:\n%s", table)
			}
			for line := range strings.Lines(screen) {
				if w := runewidth.StringWidth(strings.TrimRight(line, "\n")); w > columns {
					t.Errorf("%d columns: %q", w, line)
				}
			}
			// Narrower, lower, wider: each time the table alone fills the screen.
			for _, to := range [][2]int{{columns - 20, 24}, {columns - 20, 7}, {columns + 20, 24}} {
				tm.do("resize-window", "-x", fmt.Sprint(to[0]), "-y", fmt.Sprint(to[1]))
				tm.redrawn()
				if s := tm.screen(); strings.Count(s, "Verdict") != 1 || strings.Count(s, "RSS") != 1 {
					t.Errorf("at %v:\n%s", to, s)
				}
			}
			tm.do("send-keys", "C-c")
			tm.until("interrupted by SIGINT")
			tm.until("\nready$\n")
			all := tm.all()
			t.Log("\n" + all)
			if n := strings.Count(all, "█]") + strings.Count(all, "░]"); n > 0 {
				t.Errorf("%d bars were left behind", n)
			}
			if n := strings.Count(all, "Verdict"); n != 1 {
				t.Errorf("%d tables, want the report's alone", n)
			}
		})
	}
}

// The verdict alone is coloured, and only where colours are wanted.
func TestLiveColors(t *testing.T) {
	t.Parallel()
	bin := build(t)
	for _, tt := range []struct {
		name, flags, env string
		coloured, table  bool
	}{
		{"plain terminal", "", "LANG=C.UTF-8", true, true},
		{"never", " --color never", "LANG=C.UTF-8", false, true},
		{"no colour", "", "NO_COLOR=1", false, true},
		{"dumb", "", "TERM=dumb", false, false},
		{"ci", "", "CI=true", true, false},
		{"quiet", " -q", "LANG=C.UTF-8", true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tm := newTmux(t, 100, 30)
			tm.typed("export " + tt.env + "; clear")
			tm.typed(bin + " run " + terminalRun(t, 5_000) + tt.flags + " --max-time 12s --fail-on never; echo code $?")
			seen, s := false, ""
			// On a busy machine nothing may be settled within its time, which is code 4.
			for end := time.Now().Add(60 * time.Second); !strings.Contains(s, "code 0\n") && !strings.Contains(s, "code 4\n"); time.Sleep(20 * time.Millisecond) {
				if s = tm.screen(); time.Now().After(end) {
					t.Fatalf("it has not ended:\n%s", s)
				}
				seen = seen || strings.Contains(s, "░]")
				if strings.Contains(s, "code ") && strings.Contains(s, "leakhunt: ") {
					t.Fatal(s)
				}
			}
			all := tm.all()
			if seen != tt.table {
				t.Errorf("a live table: %v, want %v", seen, tt.table)
			}
			if got := strings.Contains(all, "\x1b["); got != tt.coloured {
				t.Errorf("coloured: %v, want %v\n%q", got, tt.coloured, all)
			}
			if quiet := strings.Contains(tt.flags, "-q"); quiet == strings.Contains(all, "pinned pid") {
				t.Errorf("quiet %v:\n%s", quiet, all)
			}
		})
	}
}

// Ctrl-Z gives the terminal back, the background leaves it alone, and so does
// an end in a hurry.
func TestLiveSuspended(t *testing.T) {
	t.Parallel()
	bin := build(t)
	tm := newTmux(t, 100, 24)
	tm.typed("set -m; " + bin + " run " + terminalRun(t, 5_000))
	tm.until("Verdict")
	tm.do("send-keys", "C-z")
	if s := tm.until("Stopped"); strings.Contains(s, "Verdict") || !strings.Contains(s, "pinned pid") {
		t.Errorf("suspended:\n%s", s)
	}
	tm.typed("bg")
	tm.typed("sleep 1; echo still' here'")
	if s := tm.until("still here"); strings.Contains(s, "Verdict") {
		t.Errorf("in the background:\n%s", s)
	}
	tm.typed("fg")
	tm.until("Verdict")
	tm.do("send-keys", "C-c")
	time.Sleep(50 * time.Millisecond) // two that follow at once are one
	tm.do("send-keys", "C-c")
	if s := tm.until("\nready$"); strings.Contains(s, "Verdict  ") && strings.Contains(s, "░]") {
		t.Errorf("after two interrupts:\n%s", s)
	}
}

func TestInitDialogue(t *testing.T) {
	t.Parallel()
	bin := build(t)
	tm := newTmux(t, 120, 40)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Procfile"), []byte("web: sh srv/web -p $PORT\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	marks := 0
	// fresh types a line once nothing is on the screen that was there before.
	fresh := func(line string) {
		marks++
		tm.prompted()
		tm.typed(fmt.Sprintf("clear; echo mark''%d; %s", marks, line))
		tm.until(fmt.Sprintf("mark%d", marks))
	}
	tm.typed("cd " + dir)
	fresh(bin + " init")
	tm.until("A number of these, the URL of a running application, or a command")
	tm.until("1  web: sh srv/web -p")
	tm.typed("localhost")
	tm.until("there is no program localhost in PATH")
	tm.typed("99")
	tm.until("there is no number 99 here")
	tm.typed("a && b")
	tm.until("the command line has &&")
	tm.typed("http://127.0.0.1:9/cart")
	tm.until("a target has no path")
	tm.typed("sh web")
	tm.until("the command has no")
	tm.until("A URI to measure")
	tm.typed("cart")
	tm.until("does not begin with /")
	tm.typed("POST /cart")
	tm.typed("/orders/{{n}}")
	tm.typed("")
	tm.until("leakhunt.yaml is written")
	fresh(bin + " validate")
	tm.until("leakhunt.yaml: valid, 2 URIs")
	fresh(bin + " init; echo code $?")
	tm.until("is there already")
	tm.until("code 2")
	// A number takes what was found.
	fresh(bin + " init --force")
	tm.until("A number of these")
	tm.typed("1")
	tm.until("A URI to measure")
	tm.typed("/")
	tm.typed("")
	tm.until("leakhunt.yaml is written")
	if text, err := os.ReadFile(filepath.Join(dir, "leakhunt.yaml")); err != nil || !strings.Contains(string(text), `"srv/web"`) {
		t.Errorf("%s, %v", text, err)
	}
	// Ctrl-C ends the dialogue, Ctrl-D the answers.
	fresh(bin + " init -f other.yaml; echo code $?")
	tm.until("A number of these")
	tm.do("send-keys", "C-c")
	tm.until("code 130")
	fresh(bin + " init -f other.yaml; echo code $?")
	tm.until("A number of these")
	tm.do("send-keys", "C-d")
	tm.until("code 2")
	if _, err := os.Stat(filepath.Join(dir, "other.yaml")); !os.IsNotExist(err) {
		t.Errorf("a scenario without answers: %v", err)
	}
}
