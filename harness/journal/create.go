package journal

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

// Create makes the journal of a run that begins: in the default folder, of which the
// last journals are kept (see Kept), or the file that path names. The file is only the
// user's to read (0600). A journal of a run that ended well is replaced. Create returns
// a usage fault for a journal that a run could go on with, or that another run writes.
// It does so too for a file that is no journal, and for one that cannot be written.
func Create(path string, h record.Header) (*Writer, error) {
	if path != "" {
		return create(path, h)
	}
	dir, err := Folder()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unwritable(dir, err)
	}
	for {
		path := filepath.Join(dir, fileName(h))
		if _, err := os.Lstat(path); err == nil {
			continue // the four digits were given to another run of that second
		}
		w, err := create(path, h)
		if err == nil {
			prune(dir, Kept)
		}
		return w, err
	}
}

func create(path string, h record.Header) (*Writer, error) {
	// A pipe or a device is written to as it is: there is nothing to lock.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, unwritable(path, err)
		}
		return begin(path, f, h)
	}
	f, fresh, err := take(path)
	if err != nil {
		return nil, err
	}
	if !fresh {
		if err := replaceable(path, f); err != nil {
			_ = f.Close()
			return nil, err
		}
		if err := errors.Join(f.Truncate(0), f.Chmod(0o600)); err != nil {
			_ = f.Close()
			return nil, unwritable(path, err)
		}
	}
	w, err := begin(path, f, h)
	if err != nil {
		if fresh {
			_ = os.Remove(path)
		}
		return nil, err
	}
	syncFolder(filepath.Dir(path))
	return w, nil
}

// take opens and locks a file, and makes it where there is none.
func take(path string) (f *os.File, fresh bool, err error) {
	const tries = 10 // another run may delete it before it is locked
	for range tries {
		_, err := os.Stat(path)
		fresh := errors.Is(err, os.ErrNotExist)
		f, err := openFile(path, os.O_RDWR|os.O_CREATE)
		if err != nil {
			return nil, false, unwritable(path, err)
		}
		if lock(f) == taken {
			err := busy(path, holder(f))
			_ = f.Close()
			return nil, false, err
		}
		if inPlace(f, path) {
			return f, fresh, nil
		}
		_ = f.Close()
	}
	return nil, false, unwritable(path, errors.New("it is deleted again and again"))
}

// openFile opens a file whatever it may have become since it was looked at: a
// FIFO would wait for somebody to write to it.
func openFile(path string, flags int) (*os.File, error) {
	return os.OpenFile(path, flags|unix.O_NONBLOCK, 0o600)
}

// replaceable says whether a new run may have the file of an old one.
func replaceable(path string, f *os.File) error {
	e := look(path, f)
	switch {
	case errors.Is(e.Err, record.ErrEmpty), errors.Is(e.Err, record.ErrCut):
		return nil
	case errors.Is(e.Err, record.ErrForeign):
		return fault.Usagef("%s is there already, and is not a journal", clean(path)).WithHint("Name another file.")
	case e.Err != nil:
		return e.Err
	case e.Complete, !e.began:
		_, err := f.Seek(0, io.SeekStart)
		return err
	}
	return fault.Usagef("the journal %s holds a run that did not end: %s", clean(path), e.Why).
		WithHint("Go on with it by --resume, name another file, or delete it.")
}

// begin writes the header.
func begin(path string, f file, h record.Header) (*Writer, error) {
	enc := record.NewEncoder(h.Environment.PageBytes)
	line, err := enc.Header(nil, h)
	if err != nil {
		_ = f.Close()
		return nil, unwritable(path, err)
	}
	w := newWriter(path, f, enc)
	if _, err = f.Write(line); err == nil {
		err = w.sync()
	}
	if err != nil {
		_ = f.Close()
		return nil, unwritable(path, err)
	}
	return w, nil
}

// syncFolder has the disk hold the name of a new file, where it can.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
