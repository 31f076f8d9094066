package target

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// A module that others could change is never loaded into the user's process.
func TestOwnFile(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(dir string) error
		refused bool
	}{
		"no folder yet": {func(string) error { return nil }, false},
		"another text": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "a.js"), []byte("an older one"), 0o600)
		}, false},
		"others may write":   {func(dir string) error { return os.Chmod(dir, 0o777) }, true}, //nolint:gosec // that is the point
		"a link to a folder": {func(dir string) error { return relink(dir, t.TempDir()) }, true},
		"a file":             {refile, true},
	} {
		t.Run(name, func(t *testing.T) {
			tmp := t.TempDir()
			t.Setenv("TMPDIR", tmp)
			dir := filepath.Join(tmp, "own")
			if name != "no folder yet" {
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.prepare(dir); err != nil {
				t.Fatal(err)
			}
			path, err := ownFile(dir, "a.js", []byte("the text"))
			if (err != nil) != c.refused {
				t.Fatalf("refused: %v", err)
			}
			if c.refused {
				return
			}
			text, err := os.ReadFile(path)
			if err != nil || string(text) != "the text" {
				t.Errorf("%q, %v", text, err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("%v, %v", left, err)
			}
		})
	}
}

// A command may drop its privileges before it becomes Node.
func TestOwnFileIsForAllToRead(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	before := unix.Umask(0o077)
	path, err := ownFile(filepath.Join(tmp, "own"), "a.js", nil)
	unix.Umask(before)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]os.FileMode{path: 0o644, filepath.Dir(path): 0o755} {
		info, err := os.Stat(at)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", at, info.Mode(), err, want)
		}
	}
}

func relink(dir, to string) error {
	if err := os.Remove(dir); err != nil {
		return err
	}
	return os.Symlink(to, dir)
}

func refile(dir string) error {
	if err := os.Remove(dir); err != nil {
		return err
	}
	return os.WriteFile(dir, nil, 0o600)
}

// Without a folder of our own Node gets what it gets elsewhere too, and is not
// called tight.
func TestTightNodeWithoutAFolder(t *testing.T) {
	t.Setenv("TMPDIR", "/nonexistent")
	got := wanted("node", []string{"node"}, "", nil, rssAlone)
	if len(got) != 1 || got[0] != counted["node"][0] {
		t.Errorf("%q", got)
	}
	if got := Tightly("node", got); got != nil {
		t.Errorf("tight with %q", got)
	}
}

// The module is there for as long as a run uses it, or for good where somebody was told
// to load it.
func TestModuleIsLeftToNobody(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	settings := Tight("node")
	there := func() bool {
		_, err := os.Stat(filepath.Join(ownFolder(), moduleName))
		return err == nil
	}
	if !names(settings) || there() {
		t.Fatalf("%q, and it is there before it is used: %t", settings, there())
	}
	one, err := lend()
	if err != nil {
		t.Fatal(err)
	}
	other, err := lend()
	if err != nil {
		t.Fatal(err)
	}
	one.giveBack()
	if !there() {
		t.Error("it was taken away from another run")
	}
	other.giveBack()
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if got := Keep(settings); !slices.Equal(got, settings) {
		t.Errorf("%q", got)
	}
	if one, err = lend(); err != nil {
		t.Fatal(err)
	}
	one.giveBack()
	if !there() {
		t.Error("it was taken away from who was told to load it")
	}
}
