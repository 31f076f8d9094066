package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestBuild(t *testing.T) {
	commit := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.time", Value: "2026-11-28T20:47:09Z"}, {Key: "vcs.modified", Value: "true"},
	}
	for name, c := range map[string]struct {
		info debug.BuildInfo
		want string
	}{
		"a release":       {debug.BuildInfo{Main: debug.Module{Version: "v1.2.0"}, Settings: commit[:2]}, "leakhunt v1.2.0\ncommit 0123456789ab of 2026-11-28 20:47 UTC\n"},
		"in between":      {debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: commit}, "leakhunt devel-0123456789ab\ncommit 0123456789ab of 2026-11-28 20:47 UTC, with changes\n"},
		"from no archive": {debug.BuildInfo{}, "leakhunt devel\ngo"},
	} {
		if got := buildOf(&c.info).String(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
