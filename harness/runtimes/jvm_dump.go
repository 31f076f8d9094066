package runtimes

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"leakhunt/harness/fault"
	"leakhunt/harness/units"
)

// heapDumpSize is the most that a heap dump has on disc for a byte that is
// alive: a reference takes 8 bytes there, and 4 in a heap below 32 GiB.
const heapDumpSize = 2

// StartHolders begins nothing: a heap dump needs no more requests. room is how
// many bytes more of memory may be taken, where /tmp lies in memory.
func (j *JVM) StartHolders(_ context.Context, room int64) (ok bool, err error) {
	j.room = room
	return false, nil
}

// StopHolders has the JVM write a heap dump after a full collection (HotSpot,
// GC.heap_dump). It keeps the dump for the user in the current folder, with mode 0600:
// tools that read it say what holds an object. The sites stay as they are; the note
// names the file. One dump is enough for all that was requested before it.
func (j *JVM) StopHolders(ctx context.Context, sites []Site) (held []Site, note string, err error) {
	if j.kept == "" {
		if j.kept, err = j.keepHeap(ctx); err != nil {
			return sites, "", err
		}
	}
	return sites, fmt.Sprintf("the heap dump %s says what holds them (Eclipse MAT and VisualVM read it); "+
		"it holds everything that the application had in memory, secrets included", j.kept), nil
}

func (j *JVM) keepHeap(ctx context.Context) (name string, err error) {
	live, err := j.Read(ctx)
	if err != nil {
		return "", err
	}
	dir, err := newFolder(j.pid)
	if err != nil {
		return "", err
	}
	defer dir.remove()
	need := int64(heapDumpSize * live[1])
	if err := dir.room(need, j.room); err != nil {
		return "", err
	}
	if left, _, err := discSpace("."); err == nil && left < need {
		return "", fault.Measuref("a heap dump may take %s, and this folder has %s left on its disc",
			units.Bytes(float64(need)), units.Bytes(float64(left)))
	}
	out, err := j.jcmd(ctx, "GC.heap_dump", filepath.Join(dir.path, "heap.hprof"))
	if err != nil {
		return "", err
	}
	dump, err := dir.open("heap.hprof")
	if err != nil {
		return "", fault.Measuref("the JVM wrote no heap dump: %s", short(string(out)))
	}
	defer dump.Close()
	return keepFile(dump, filepath.Join(dir.at, "heap.hprof"), fmt.Sprintf("leakhunt-%d-*.hprof", j.pid))
}

// keepFile moves a file to a new private one in the current folder. It copies a file
// that lies on another disc, or belongs to another user.
func keepFile(file *os.File, from, pattern string) (name string, err error) {
	to, err := os.CreateTemp(".", pattern) // of mode 0600
	if err != nil {
		return "", fault.Measuref("a heap dump cannot be kept in this folder").Because(err)
	}
	defer to.Close()
	name = filepath.Base(to.Name())
	if info, err := file.Stat(); err == nil && owner(info) == os.Geteuid() && file.Chmod(0o600) == nil && os.Rename(from, name) == nil {
		return name, nil
	}
	if _, err = io.Copy(to, file); err == nil {
		err = to.Close()
	}
	if err != nil {
		_ = os.Remove(name)
		return "", fault.Measuref("a heap dump cannot be kept in this folder").Because(err)
	}
	return name, nil
}
