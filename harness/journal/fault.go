package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unicode"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

// listed is the hint where another journal may be meant.
const listed = "leakhunt runs lists the journals that are kept."

// unreadable is the fault of a journal that cannot be read, or must not be used.
func unreadable(path string, err error) error {
	name := clean(path)
	var damage *record.DamageError
	var version *record.VersionError
	switch {
	case errors.As(err, &damage):
		f := fault.Usagef("the journal %s is damaged", name).Because(err)
		if damage.Line < 2 {
			return f.WithHint("Nothing in it can be used: run the scenario again.")
		}
		return f.WithHint("The lines before it are whole: %s | head -n %d > whole.jsonl makes a journal of them.", show(path), damage.Line-1)
	case errors.As(err, &version):
		return fault.Usagef("the journal %s cannot be read", name).Because(err).WithHint("Use the leakhunt that wrote it, or a newer one.")
	case errors.Is(err, record.ErrForeign):
		return fault.Usagef("%s cannot be used as a journal", name).Because(err).WithHint(listed)
	case errors.Is(err, record.ErrEmpty), errors.Is(err, record.ErrCut):
		return fault.Usagef("the journal %s holds no run", name).Because(err).WithHint("Nothing was recorded: run the scenario again.")
	}
	return fault.Usagef("cannot read the journal %s", name).Because(bare(err)).WithHint(listed)
}

// show is the command that prints a journal.
func show(path string) string {
	quoted := "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	if clean(path) != path {
		quoted = "FILE"
	} else if !strings.ContainsFunc(path, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-", r)
	}) {
		quoted = path
	}
	if strings.HasSuffix(path, ".gz") {
		return "zcat " + quoted
	}
	return "cat " + quoted
}

// unwritable is the fault of a journal that cannot be made.
func unwritable(path string, err error) *fault.Error {
	return fault.Usagef("cannot write the journal %s", clean(path)).Because(bare(err)).
		WithHint("--journal PATH names another file, --journal none writes none.")
}

// broken is the fault of a journal that can be written no longer.
func broken(path string, err error) error {
	return fault.Measuref("cannot write on in the journal %s", clean(path)).Because(bare(err)).
		WithHint("What comes now is not recorded, and a run that is killed cannot be gone on with from here. The file holds what was written before.")
}

// busy is the fault of a journal that another run writes. pid is 0 where it is not
// known.
func busy(path string, pid int) error {
	who := "another process"
	switch {
	case pid == os.Getpid():
		who = "this process"
	case pid > 0:
		who = fmt.Sprintf("process %d", pid)
	}
	return fault.Usagef("%s writes the journal %s", who, clean(path)).
		WithHint("Wait until that run has ended, or end it; two runs cannot write one journal.")
}

// bare is err without the path and the call, which the fault says already.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// clean is a path that a terminal shows as it is.
func clean(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.Quote(path)
	}
	return path
}
