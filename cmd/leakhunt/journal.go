package main

import (
	"os"
	"reflect"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/harness/journal"
	"leakhunt/harness/record"
	"leakhunt/report"
)

// noJournal is the --journal that writes none.
const noJournal = "none"

// keeper writes the journal of a run, without secrets. A run goes on where its
// journal cannot be written: that is told once.
type keeper struct {
	app    *app
	path   string          // asked for; "" is a file in the default folder
	w      *journal.Writer // nil where none is written
	kept   string          // a journal that holds the run already
	pinned bool            // there is something in it to go on with
	told   bool
	header record.Header
	early  []record.Event // before the first login was done

	scenario string // where the scenario lies now; "" is where it lay when the run began
}

// newKeeper is the keeper that --journal asks for.
func (a *app) newKeeper(path string, asked bool) (*keeper, error) {
	switch {
	case asked && path == "":
		return nil, fault.Usagef("no path after --journal").WithHint("Write --journal FILE, or --journal none.")
	case path == "-":
		return nil, fault.Usagef("--journal -: a journal goes to a file").WithHint("Write --journal FILE, or --journal none.")
	}
	if path != "" && path != noJournal {
		if err := a.files.writes("the journal", path, "--journal FILE"); err != nil {
			return nil, err
		}
	}
	return &keeper{app: a, path: path}, nil
}

// open is harness.Options.Journal.
func (k *keeper) open(h record.Header) (harness.Journal, error) {
	if k.path == noJournal {
		return nil, nil
	}
	if k.w == nil { // it is there in a run that goes on
		h = report.Redact(h, k.app.secrets.RedactString)
		w, err := journal.Create(k.path, h)
		switch {
		case err != nil && k.path != "":
			return nil, err
		case err != nil:
			k.warn(err)
			return nil, nil
		}
		k.w, k.header = w, h
	}
	return k, nil
}

// Append adds an event, without secrets.
func (k *keeper) Append(e record.Event) error {
	if _, ok := e.(record.Opened); ok {
		if !k.pinned {
			k.restate()
		}
		k.pinned = true
		path := k.w.Path()
		k.app.journal.Store(&path)
	}
	e = report.Redact(e, k.app.secrets.RedactString)
	if !k.pinned {
		k.early = append(k.early, e)
	}
	err := k.w.Append(e)
	k.warn(err)
	return err
}

// restate writes the journal anew where a secret that the login has brought stands in
// it: the scenario itself, or a note, may have held it before anybody knew.
func (k *keeper) restate() {
	early := make([]record.Event, len(k.early))
	for i, e := range k.early {
		early[i] = report.Redact(e, k.app.secrets.RedactString)
	}
	h := report.Redact(k.header, k.app.secrets.RedactString)
	if k.header.Items != nil && (!reflect.DeepEqual(h, k.header) || !reflect.DeepEqual(early, k.early)) {
		k.warn(k.w.Restate(h, early))
	}
	k.early = nil
}

// close ends the journal. One of the default folder in which there is nothing takes
// no room from others.
func (k *keeper) close() {
	if k.w == nil {
		return
	}
	k.warn(k.w.Close())
	if k.path == "" && !k.pinned {
		_ = os.Remove(k.w.Path()) // it is in nobody's way
	}
}

// warn tells the first thing that is wrong with the journal.
func (k *keeper) warn(err error) {
	if err == nil || k.told {
		return
	}
	k.told = true
	if l := k.app.live.Load(); l != nil {
		text := err.Error()
		if hint := fault.HintOf(err); hint != "" {
			text += ". " + hint
		}
		l.Note(text)
		return
	}
	k.app.tell(err)
}

// whole is the journal where it holds all of the run, "" where none does.
func (k *keeper) whole() string {
	if k.kept != "" {
		return k.kept
	}
	if k.w == nil || k.w.Err() != nil || !k.pinned {
		return ""
	}
	return k.w.Path()
}
