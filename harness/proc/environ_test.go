package proc

import (
	"os"
	"os/exec"
	"slices"
	"testing"
)

func TestWhole(t *testing.T) {
	got := whole([]string{"A=1", "GLIBC_TUNABLES=glibc.malloc.mxfast=0", "glibc.malloc.tcache_count=0", "B=2", "glibc.x=1"})
	want := []string{"A=1", "GLIBC_TUNABLES=glibc.malloc.mxfast=0:glibc.malloc.tcache_count=0", "B=2", "glibc.x=1"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A real program, whose loader has read its tunables.
func TestEnvironOfAProgramWithTunables(t *testing.T) {
	const tunables = "GLIBC_TUNABLES=glibc.malloc.mxfast=0:glibc.malloc.tcache_count=0"
	cmd := exec.Command("cat")
	cmd.Env = append(os.Environ(), tunables, "LAST=1")
	in, out := launch(t, cmd)
	// It answers: the loader is done.
	if _, err := in.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := out.ReadByte(); err != nil {
		t.Fatal(err)
	}
	env, err := Environ(cmd.Process.Pid)
	if err != nil || !slices.Contains(env, tunables) {
		t.Errorf("%q, %v", env, err)
	}
}
