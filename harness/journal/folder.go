package journal

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

// Kept is how many journals the default folder keeps.
const Kept = 20

// Folder is where journals are kept unless another file is named: leakhunt/runs
// in the user's folder for state, by the XDG Base Directory Specification, which
// ignores a relative path.
func Folder() (string, error) {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fault.Usagef("there is no folder for the journal").Because(err).
				WithHint("Set HOME or XDG_STATE_HOME, or name a file with --journal PATH; --journal none writes none.")
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "leakhunt", "runs"), nil
}

const stamp = "2006-01-02T15-04-05"

// ours is how the journals of the default folder are called: the time, the
// scenario, four hex digits.
var ours = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-[\pL\pN._-]+-[0-9a-f]{4}\.jsonl$`)

// fileName is a name for the journal of a run. They sort by time.
func fileName(h record.Header) string {
	at, err := time.Parse(time.RFC3339, h.StartedAt)
	if err != nil {
		at = time.Now()
	}
	const longest = 40 // letters of the scenario's name
	name := strings.Join(strings.FieldsFunc(h.Scenario.Name, func(r rune) bool { return !plainRune(r) }), "-")
	if letters := []rune(name); len(letters) > longest {
		name = string(letters[:longest])
	}
	if name == "" {
		name = "run"
	}
	var tail [2]byte
	_, _ = rand.Read(tail[:]) // it never fails
	return at.UTC().Format(stamp) + "-" + name + "-" + hex.EncodeToString(tail[:]) + ".jsonl"
}

// plainRune says that a letter of a scenario's name may stand in a file's.
func plainRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '_' || r == '-'
}

// prune deletes the oldest journals of a folder, so that keep stay. What another
// run writes stays, and so does what is no journal, or is not called like ours.
// Whatever goes wrong, nothing is lost but room.
func prune(dir string, keep int) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	var names []string
	for _, f := range files {
		if f.Type().IsRegular() && ours.MatchString(f.Name()) {
			names = append(names, f.Name())
		}
	}
	slices.Sort(names)
	for _, name := range names[:max(0, len(names)-keep)] {
		remove(filepath.Join(dir, name))
	}
}

// remove deletes a journal that nobody writes.
func remove(path string) {
	f, err := openFile(path, os.O_RDONLY)
	if err != nil {
		return
	}
	defer f.Close()
	// An empty file is a journal whose run ended before it began.
	head := make([]byte, 64)
	if n, _ := f.Read(head); n > 0 && !record.Sniff(head[:n]) {
		return
	}
	if lock(f) == locked && inPlace(f, path) {
		_ = os.Remove(path)
	}
}
