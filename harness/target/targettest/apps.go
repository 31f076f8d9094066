package targettest

import (
	"embed"
	"os"
	"path/filepath"
	"testing"
)

//go:embed apps
var apps embed.FS

// AppDir copies the fixture applications into a fresh folder, which the test
// removes, and returns its path: servers write pid files and sockets beside
// their application.
func AppDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	entries, err := apps.ReadDir("apps")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		body, err := apps.ReadFile("apps/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/"+e.Name(), body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// Web servers that run the application as another user must get in.
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// WriteFile writes a file that the test needs.
func WriteFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
