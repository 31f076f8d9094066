package passenger

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Errors of Instance.Err.
var (
	// ErrStale is a folder that an instance left behind.
	ErrStale = errors.New("left behind by an instance that has ended")
	// ErrStarting is an instance that is not ready yet.
	ErrStarting = errors.New("the instance is still starting")
	// ErrOld is an instance of Passenger 4, which has no HTTP interface.
	ErrOld = errors.New("the instance is of Passenger 4, which tells its status to passenger-status only")
)

// Registries are the folders in which instances register, the way Passenger's
// own tools look for them (admin_tools/instance_registry.rb). The Debian
// services of web servers have a /tmp of their own, which only root sees.
func Registries() []string {
	if dir := os.Getenv("PASSENGER_INSTANCE_REGISTRY_DIR"); dir != "" {
		return []string{dir}
	}
	dirs := []string{"/tmp", "/var/run/passenger-instreg"}
	if dir := os.Getenv("TMPDIR"); dir != "" {
		dirs = append([]string{dir}, dirs...)
	}
	for _, server := range []string{"httpd", "nginx", "apache2"} {
		private, _ := filepath.Glob("/tmp/systemd-private-*-" + server + ".service-*/tmp") // the pattern is right
		dirs = append(dirs, private...)
	}
	return dirs
}

// folders are the instance folders in the registries, each once.
func folders(registries []string) []string {
	var found []string
	for _, dir := range registries {
		if path, err := filepath.EvalSymlinks(dir); err == nil {
			dir = path
		}
		in, _ := filepath.Glob(escape(dir) + "/passenger.*") // the pattern is right
		for _, f := range in {
			if st, err := os.Stat(f); err == nil && st.IsDir() && !slices.Contains(found, f) {
				found = append(found, f)
			}
		}
	}
	return found
}

// escape makes a pattern that matches the path alone.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// inspect reads what the folder itself says. Err is nil where the instance runs.
func inspect(dir string) Instance {
	in := Instance{Dir: dir, Name: strings.TrimPrefix(filepath.Base(dir), "passenger.")}
	if old, _ := filepath.Glob(escape(dir) + "/generation-*"); len(old) > 0 {
		in.Err = ErrOld
		return in
	}
	running, err := locked(dir + "/lock")
	switch {
	case err != nil:
		in.Err = err
		return in
	case !running:
		in.Err = ErrStale
		return in
	}
	if _, err := os.Stat(dir + "/creation_finalized"); err != nil {
		in.Err = ErrStarting
		return in
	}
	var said struct {
		Name     string `json:"name"`
		Server   string `json:"server_software"`
		Version  string `json:"passenger_version"`
		Watchdog int    `json:"watchdog_pid"`
	}
	raw, err := os.ReadFile(dir + "/properties.json")
	if err == nil {
		err = json.Unmarshal(raw, &said)
	}
	if err != nil {
		in.Err = denied(err)
		return in
	}
	in.Name, in.Server, in.Version, in.Watchdog = said.Name, said.Server, said.Version, said.Watchdog
	if raw, err := os.ReadFile(dir + "/core.pid"); err == nil {
		in.Core, _ = strconv.Atoi(strings.TrimSpace(string(raw))) // empty while the core starts
	}
	return in
}

// locked says whether the watchdog lives: it holds an exclusive lock as long as
// it does. Asking with a shared lock does not disturb others who ask.
func locked(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, denied(err)
	}
	defer f.Close()
	err = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

// denied turns a lack of permission into ErrDenied.
func denied(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return ErrDenied
	}
	return err
}
