package runtimes

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

const (
	// startTime is how long a JVM may take to make its socket.
	startTime = 10 * time.Second
	// noAttach is the setting of a JVM that makes none.
	noAttach = "-XX:+DisableAttachMechanism"
)

// startListener has a JVM make its socket in tmp: it does at a SIGQUIT where it
// finds .attach_pidN of its own user (or root, since JDK 11) in its current folder
// or in /tmp. Without that file it prints all its stacks into the application's
// output. The file is made in /tmp, where the socket has to go anyway: the
// current folder may be one that the JVM's user cannot read.
func startListener(ctx context.Context, tmp *os.Root, name string, pid int, st proc.Status) (fs.FileInfo, error) {
	process, err := os.FindProcess(pid) // a pidfd: who takes this pid later is not signalled
	if err != nil {
		return nil, fault.Measuref("process %d cannot be signalled", pid).Because(err)
	}
	defer func() { _ = process.Release() }()
	inner := cmp.Or(st.Inner(), pid)
	if err := mayAttach(pid, perfData(tmp, inner, st.UID)); err != nil {
		return nil, err
	}
	request := fmt.Sprintf(".attach_pid%d", inner)
	_ = tmp.Remove(request) // of one that was killed while it asked
	f, err := tmp.OpenFile(request, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fault.Measuref("the JVM of process %d cannot be asked for its socket", pid).Because(err)
	}
	defer func() { _ = tmp.Remove(request) }()
	if os.Geteuid() != st.UID {
		err = f.Chown(st.UID, -1)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = process.Signal(syscall.SIGQUIT)
	}
	if err != nil {
		return nil, fault.Measuref("the JVM of process %d cannot be asked for its socket", pid).Because(err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		if sock, err := tmp.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return sock, err
		}
		if err := process.Signal(syscall.Signal(0)); err != nil {
			return nil, fault.Measuref("process %d has ended", pid)
		}
		select {
		case <-ctx.Done():
			return nil, unanswered(pid, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// mayAttach is an error where SIGQUIT would end the process, or have it do
// something else.
func mayAttach(pid int, perf []byte) error {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	st, err2 := proc.ReadStatus(pid)
	argv, err3 := proc.Cmdline(pid)
	env, err4 := proc.Environ(pid)
	if err := errors.Join(err, err2, err3, err4); err != nil {
		return fault.Measuref("process %d cannot be looked into", pid).Because(err)
	}
	return attachable(pid, maps, st, argv, env, perf)
}

// perfData is what a JVM tells jps and jstat (HotSpot, perfMemory_posix.cpp), nil
// where it tells them nothing: there are its settings, those of files too
// (@argfile, -XX:Flags=, .hotspotrc), each list cut off after 1,024 bytes.
func perfData(tmp *os.Root, inner, uid int) []byte {
	names, _ := fs.Glob(tmp.FS(), fmt.Sprintf("hsperfdata_*/%d", inner)) // the pattern is right
	for _, name := range names {
		f, err := tmp.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0) // it may be anybody's
		if err != nil {
			continue
		}
		info, err := f.Stat()
		var data []byte
		if err == nil && info.Mode().IsRegular() && owner(info) == uid {
			data, _ = io.ReadAll(io.LimitReader(f, 1<<20)) // 32 KiB
		}
		_ = f.Close()
		if data != nil {
			return data
		}
	}
	return nil
}

func attachable(pid int, maps []byte, st proc.Status, argv, env []string, perf []byte) error {
	switch {
	case bytes.Contains(maps, []byte("/libj9vm")): // beside a libjvm.so
		return fault.Measuref("process %d runs on OpenJ9, whose live objects cannot be counted", pid).
			WithHint("Run it on a JDK with HotSpot: OpenJDK, Temurin, Corretto.")
	case !bytes.Contains(maps, []byte("/libjvm.so")):
		return fault.Measuref("process %d is no JVM: it has no libjvm.so", pid).
			WithHint("Leave runtime: out, and what the process runs is recognised.")
	case !st.Catches(syscall.SIGQUIT):
		return fault.Measuref("the JVM of process %d cannot be asked for its socket: SIGQUIT would end it", pid).
			WithHint("Is it still starting? With -Xrs it has its socket from the start; where that was removed, restart it.")
	}
	off := slices.Contains(argv, noAttach) || bytes.Contains(perf, []byte(strings.TrimPrefix(noAttach, "-XX:"))) // a file of flags has no -XX:
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		off = off || slices.Contains(javaVariables, name) && strings.Contains(value, noAttach)
	}
	if off {
		return fault.Measuref("the JVM of process %d was started with %s: its live objects cannot be counted", pid, noAttach).
			WithHint("Start it without that setting.")
	}
	return nil
}
