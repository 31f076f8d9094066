package target

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
// own, by a name that stays the same, so that two runs have the same settings;
// other users' processes may read it. Without such a folder there are none.
func tightest(runtime string) []string {
	if runtime != "node" {
		return tight[runtime]
	}
	path, err := ownFile(fmt.Sprintf("leakhunt-%d", os.Getuid()), "fullcollections.js", fullCollections)
	if err != nil || strings.ContainsAny(path, " \t\n\"\\") { // NODE_OPTIONS are split at spaces
		return nil
	}
	return []string{counted["node"][0] + " --require=" + path}
}

// ownFile is the path of a file with that text in a folder for temporary files
// that only we may write to.
func ownFile(folder, name string, text []byte) (string, error) {
	dir := filepath.Join(os.TempDir(), folder)
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
