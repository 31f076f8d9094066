package main

import (
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// onSuspend calls f where Ctrl-Z is to stop this process, which halt then does, until
// the function that it returns is called.
func onSuspend(f func(halt func())) (stop func()) {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGTSTP)
	go func() {
		for {
			select {
			case <-signals:
				f(func() { _ = unix.Kill(unix.Getpid(), unix.SIGSTOP) }) // it cannot fail on ourselves
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(signals); close(done) }
}

// foreground is whether w is a terminal that this process may draw on: a job in
// the background would draw over what somebody types.
func foreground(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return true
	}
	group, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}
