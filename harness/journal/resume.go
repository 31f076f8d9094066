package journal

import (
	"errors"
	"io"
	"os"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

// Resume goes on with the journal of a run that did not end. It reads it, cuts off a
// torn last line, which the run's Tail tells of, and returns a writer that appends. It
// returns a usage fault for a journal that another run writes, or whose run ended well.
// It does so too for one that is compressed, or that cannot be read to its end.
func Resume(path string) (*Writer, *Run, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	f, err := openFile(path, os.O_RDWR)
	if err != nil {
		return nil, nil, unwritable(path, err).WithHint("Go on with a copy of it, in a folder that you may write to.")
	}
	w, run, err := resume(path, f)
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return w, run, nil
}

func resume(path string, f *os.File) (*Writer, *Run, error) {
	if lock(f) == taken {
		return nil, nil, busy(path, holder(f))
	}
	if !inPlace(f, path) {
		return nil, nil, unreadable(path, os.ErrNotExist)
	}
	var head [2]byte
	if n, _ := f.ReadAt(head[:], 0); compressed(head[:n]) {
		return nil, nil, fault.Usagef("the journal %s is compressed", clean(path)).WithHint("Decompress it with gunzip, and go on with what that makes.")
	}
	j, err := Read(path, f)
	if err != nil {
		return nil, nil, err
	}
	run, err := j.load()
	if err != nil {
		return nil, nil, err
	}
	if n := len(run.Events); n > 0 {
		if e, ok := run.Events[n-1].(record.Ended); ok && e.Complete {
			return nil, nil, fault.Usagef("the run of the journal %s is complete", clean(path)).
				WithHint("leakhunt report shows its result; run the scenario again for another.")
		}
	}
	if run.Tail.Torn > 0 {
		if err := errors.Join(f.Truncate(run.Tail.Bytes), f.Sync()); err != nil {
			return nil, nil, unwritable(path, err)
		}
	}
	if _, err := f.Seek(run.Tail.Bytes, io.SeekStart); err != nil {
		return nil, nil, unwritable(path, err)
	}
	return newWriter(path, f, j.reader.Encoder()), run, nil
}
