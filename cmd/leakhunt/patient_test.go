package main

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// stuck is a writer that takes nothing until it is read.
type stuck struct {
	read chan struct{}
	mu   sync.Mutex
	got  bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.read
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.Write(p)
}

// A run goes on though nobody reads what it says, and what it says is there, in order,
// once somebody does, but for what is too much.
func TestPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{read: make(chan struct{})}
		p := &patient{w: s}
		began := time.Now()
		for range 2 * mostUnread / 16 {
			if n, err := p.Write([]byte("fifteen letters\n")); n != 16 || err != nil {
				t.Fatalf("wrote %d, %v", n, err)
			}
		}
		if took := time.Since(began); took > writeWithin {
			t.Errorf("it waited for %s", took)
		}
		close(s.read)
		if err := p.Flush(); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(s.got.String(), "fifteen letters\n"); 16*n != s.got.Len() || 16*n < mostUnread || 16*n > 2*mostUnread {
			t.Errorf("%d lines in %d bytes", n, s.got.Len())
		}
		s.got.Reset()
		if _, err := p.Write([]byte("again")); err != nil || s.got.String() != "again" {
			t.Errorf("%q, %v", s.got.String(), err)
		}
	})
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestPatientFails(t *testing.T) {
	p := &patient{w: broken{}}
	if _, err := p.Write([]byte("x")); err == nil {
		t.Error("no error")
	}
	if _, err := p.Write([]byte("x")); err == nil {
		t.Error("no error")
	}
}
