package target

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// V8 collects its old generation only when that has doubled or more
// (src/heap/heap-controller.h), and NODE_OPTIONS takes no flag that changes it.
// A module that is loaded first may.
//
//go:embed fullcollections.js
var fullCollections []byte

// tightest are a runtime's settings; Node's are a young generation that is
// collected after every megabyte, and that module. It stands in a folder of our
// own, by a name that stays the same, so that two runs have the same settings.
// Other users' processes may read it. Without such a folder there are none.
func tightest(runtime string) []string {
	if runtime != "node" {
		return tight[runtime]
	}
	path := filepath.Join(ownFolder(), moduleName)
	if strings.ContainsAny(path, " \t\n\"\\") { // NODE_OPTIONS are split at spaces
		return nil
	}
	if info, err := os.Stat(os.TempDir()); err != nil || !info.IsDir() {
		return nil
	}
	return []string{counted["node"][0] + " --require=" + path}
}

// moduleName is the file's name, and keptName that of one beside it where somebody was
// told to load the module into a process of theirs.
const (
	moduleName = "fullcollections.js"
	keptName   = "kept"
)

func ownFolder() string { return filepath.Join(os.TempDir(), fmt.Sprintf("leakhunt-%d", os.Getuid())) }

// Keep writes what settings of Tight name, for a process that others start: it stays.
// It returns the settings that can be had.
func Keep(settings []string) []string {
	if !names(settings) {
		return settings
	}
	module, err := lend()
	if err == nil {
		err = os.WriteFile(filepath.Join(ownFolder(), keptName), nil, 0o600)
		err = errors.Join(err, module.file.Close())
	}
	if err != nil {
		return withoutModules(settings)
	}
	return settings
}

// names says that settings name the module.
func names(settings []string) bool {
	path := filepath.Join(ownFolder(), moduleName)
	return slices.ContainsFunc(settings, func(s string) bool { return strings.Contains(s, path) })
}

// lent is a file that is there for as long as somebody uses it.
type lent struct {
	path string
	file *os.File // with a shared lock
}

// lend is the module, in a folder for temporary files that only we may write
// to.
func lend() (*lent, error) {
	const tries = 10 // another run may remove it before it is locked
	for range tries {
		path, err := ownFile(ownFolder(), moduleName, fullCollections)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_SH); err == nil && inPlace(f, path) {
			return &lent{path, f}, nil
		}
		_ = f.Close()
	}
	return nil, fmt.Errorf("%s is removed again and again", filepath.Join(ownFolder(), moduleName))
}

// giveBack removes the file where nobody else uses it, and nobody was told to.
func (l *lent) giveBack() {
	if l == nil {
		return
	}
	defer l.file.Close()
	dir := filepath.Dir(l.path)
	if _, err := os.Lstat(filepath.Join(dir, keptName)); err == nil {
		return
	}
	if unix.Flock(int(l.file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil && inPlace(l.file, l.path) {
		_ = os.Remove(l.path)
		_ = os.Remove(dir) // where it is empty
	}
}

// inPlace says that a path still leads to the file.
func inPlace(f *os.File, path string) bool {
	a, err1 := f.Stat()
	b, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

// ownFile is the path of a file with that text in a folder that only we may write
// to.
func ownFile(dir, name string, text []byte) (string, error) {
	err := os.Mkdir(dir, 0o755) //nolint:gosec // for other users to read
	if err == nil {
		err = os.Chmod(dir, 0o755) //nolint:gosec // whatever the umask
	}
	if err != nil && !os.IsExist(err) {
		return "", err
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return "", err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Mode&0o022 != 0 || int(st.Uid) != os.Getuid() {
		return "", fmt.Errorf("%s is not a folder that only we may write to", dir)
	}
	path := filepath.Join(dir, name)
	if have, err := os.ReadFile(path); err == nil && string(have) == string(text) {
		return path, nil
	}
	// Written beside and renamed, for another run may be loading it.
	f, err := os.CreateTemp(dir, name)
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return path, nil
}
