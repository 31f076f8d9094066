package memory

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// statm reads RSS from a descriptor of /proc/PID/statm that is kept open. The
// descriptor is of one process forever: once that has ended, reading is
// ESRCH, also where another process has taken the pid.
type statm struct {
	file *os.File
	fd   int // of file; -1 after close, so that no other file is read
	page int64
	text [192]byte // seven numbers of at most 20 digits
}

func openStatm(name string) (*statm, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &statm{file: f, fd: int(f.Fd()), page: int64(os.Getpagesize())}, nil
}

func (s *statm) close() error {
	s.fd = -1
	return s.file.Close()
}

// rss is the resident set size in bytes. It is one system call and allocates
// nothing: File.ReadAt would make a second call to see the end of the file.
func (s *statm) rss() (int64, error) {
	for {
		n, err := unix.Pread(s.fd, s.text[:], 0)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, os.NewSyscallError("pread", err)
		}
		return resident(s.text[:n], s.page)
	}
}

// resident is the second number of the text of /proc/PID/statm
// (proc_pid_statm(5)), which is in pages, in bytes.
func resident(text []byte, page int64) (int64, error) {
	at := bytes.IndexByte(text, ' ') + 1
	pages, digits := int64(0), 0
	for _, c := range text[at:] {
		if c < '0' || c > '9' {
			if c == ' ' && digits > 0 && at > 1 {
				return pages * page, nil
			}
			break
		}
		pages, digits = pages*10+int64(c-'0'), digits+1
		if pages > math.MaxInt64/page {
			break
		}
	}
	return 0, fmt.Errorf("no resident pages in statm: %s", strconv.Quote(string(text)))
}
