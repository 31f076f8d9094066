package targettest

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// workerEnv tells a worker of Prefork whether it keeps connections.
const workerEnv = "TARGETTEST_WORKER"

// Prefork serves the Go fixture application as preforking servers do: the
// master listens and starts workers, which inherit the socket, and starts
// another where one ends. It runs the present program again, whose main must
// call PreforkWorker first. It returns an error where it cannot, and otherwise
// never.
func Prefork(address string, workers int, keepAlive bool) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	mode := "close"
	if keepAlive {
		mode = "keep"
	}
	failed := make(chan error)
	for range workers {
		go func() {
			for {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), workerEnv+"="+mode)
				cmd.ExtraFiles = []*os.File{socket}
				cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
				if err := cmd.Start(); err != nil {
					failed <- err
					return
				}
				_ = cmd.Wait()
			}
		}()
	}
	return <-failed
}

// PreforkWorker serves as a worker of Prefork, where the program was started
// as one, and then never returns.
func PreforkWorker() {
	mode := os.Getenv(workerEnv)
	if mode == "" {
		return
	}
	l, err := net.FileListener(os.NewFile(3, "socket"))
	if err != nil {
		panic(err)
	}
	s := http.Server{Handler: Handler(), ReadHeaderTimeout: time.Minute}
	s.SetKeepAlivesEnabled(mode == "keep")
	panic(s.Serve(l))
}
