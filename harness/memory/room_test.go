package memory

import (
	"os"
	"path/filepath"
	"testing"
)

const mib = 1 << 20

// TestRoom reads what a machine and its groups have left.
func TestRoom(t *testing.T) {
	const machine = "MemTotal:  1048576 kB\nMemFree: 1 kB\nMemAvailable:  524288 kB\nSwapFree: 1024 kB\n"
	for name, tt := range map[string]struct {
		files  map[string]string
		groups string
		want   Room
		wrong  bool
	}{
		"the machine's, with swap": {
			files: map[string]string{"proc/meminfo": machine}, want: Room{Left: 513 * mib, Of: 1024 * mib},
		},
		"pressure of the machine": {
			files: map[string]string{"proc/meminfo": machine, "proc/pressure/memory": "some avg10=99.00 x\nfull avg10=12.50 avg60=0.00\n"},
			want:  Room{Left: 513 * mib, Of: 1024 * mib, Stalled: 12.5},
		},
		"pressure that is nonsense": {
			files: map[string]string{"proc/meminfo": machine, "proc/pressure/memory": "full avg10=1e9\nfull avg10=x\nfull\n"},
			want:  Room{Left: 513 * mib, Of: 1024 * mib},
		},
		"of a group, without what is kept of files": {
			files: map[string]string{
				"proc/meminfo": machine, "cg/a/memory.max": "104857600\n", "cg/a/memory.current": "94371840\n",
				"cg/a/memory.stat": "anon 5\ninactive_file 4194304\nactive_file 1048576\n", "cg/a/memory.pressure": "full avg10=70.00 avg60=0.00\n",
			},
			groups: "0::/a\n", want: Room{Left: 15 * mib, Of: 100 * mib, Group: true, Stalled: 70},
		},
		"of a group above": {
			files: map[string]string{
				"proc/meminfo": machine, "cg/a/memory.max": "104857600\n", "cg/a/memory.current": "104857600\n",
				"cg/a/b/memory.max": "max\n", "cg/a/b/memory.current": "1\n",
			},
			groups: "0::/a/b\n", want: Room{Of: 100 * mib, Group: true},
		},
		"of version 1": {
			files: map[string]string{
				"proc/meminfo": machine, "cg/memory/a/memory.limit_in_bytes": "104857600\n", "cg/memory/a/memory.usage_in_bytes": "52428800\n",
				"cg/memory/a/memory.stat": "inactive_file 1\ntotal_inactive_file 1048576\ntotal_active_file 1048576\n",
			},
			groups: "4:memory:/a\n", want: Room{Left: 52 * mib, Of: 100 * mib, Group: true},
		},
		"a group with more than the machine": {
			files:  map[string]string{"proc/meminfo": machine, "cg/a/memory.max": "10737418240\n", "cg/a/memory.current": "1\n"},
			groups: "0::/a\n", want: Room{Left: 513 * mib, Of: 1024 * mib},
		},
		"a group that tells nothing": {
			files:  map[string]string{"proc/meminfo": machine, "cg/a/memory.max": "104857600\n", "cg/a/memory.current": "lots\n"},
			groups: "0::/a\n", want: Room{Left: 513 * mib, Of: 1024 * mib},
		},
		"a kernel that does not tell": {files: map[string]string{"proc/meminfo": "MemTotal: 1 kB\n"}, wrong: true},
		"nothing":                     {wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for name, text := range tt.files {
				path := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := room(filepath.Join(root, "proc"), filepath.Join(root, "cg"), []byte(tt.groups))
			if (err != nil) != tt.wrong || err == nil && got != tt.want {
				t.Errorf("%+v, %v; want %+v, an error: %t", got, err, tt.want, tt.wrong)
			}
		})
	}
}

// TestShort: little is left for what there is, and beside what was left at first.
func TestShort(t *testing.T) {
	for name, tt := range map[string]struct {
		now, first Room
		want       bool
	}{
		"enough":                         {Room{Left: 300 * mib, Of: 1 << 34}, Room{Left: 1 << 33}, false},
		"a large machine":                {Room{Left: 255 * mib, Of: 1 << 34}, Room{Left: 1 << 33}, true},
		"a small group":                  {Room{Left: 7 * mib, Of: 32 * mib, Group: true}, Room{Left: 20 * mib}, true},
		"a small group with room":        {Room{Left: 9 * mib, Of: 32 * mib, Group: true}, Room{Left: 20 * mib}, false},
		"others had filled it":           {Room{Left: 90 * mib, Of: 1 << 34}, Room{Left: 100 * mib}, false},
		"others had filled it, and more": {Room{Left: 49 * mib, Of: 1 << 34}, Room{Left: 100 * mib}, true},
		"nothing goes on":                {Room{Left: 1 << 33, Of: 1 << 34, Stalled: 60}, Room{Left: 1 << 33, Stalled: 3}, true},
		"nothing went on before, either": {Room{Left: 1 << 33, Of: 1 << 34, Stalled: 99}, Room{Left: 1 << 33, Stalled: 70}, false},
		"little goes on":                 {Room{Left: 1 << 33, Of: 1 << 34, Stalled: 59}, Room{Left: 1 << 33}, false},
	} {
		if got := tt.now.Short(tt.first); got != tt.want {
			t.Errorf("%s: %t, %d bytes to spare", name, got, tt.now.Spare(tt.first))
		}
	}
}

// TestRoomOfThisMachine reads that of the test itself.
func TestRoomOfThisMachine(t *testing.T) {
	m := self(t)
	r, err := m.Room()
	if err != nil || r.Left <= 0 || r.Left > 2*r.Of || r.Short(r) {
		t.Errorf("%+v, %v", r, err)
	}
}
