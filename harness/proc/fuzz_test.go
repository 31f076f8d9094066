package proc

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"testing"
)

func seed(f *testing.F, paths ...string) {
	f.Helper()
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
}

func FuzzParseStat(f *testing.F) {
	seed(f, "testdata/proc/100/stat", "testdata/proc/103/stat", "/proc/self/stat")
	f.Fuzz(func(t *testing.T, raw []byte) {
		if st, err := parseStat(raw); err != nil && st != (stat{}) {
			t.Errorf("%+v beside %v", st, err)
		}
	})
}

// What is read from a row is what stands in it: printed again, it reads the same.
func FuzzParseTCP(f *testing.F) {
	seed(f, "testdata/proc/net/tcp", "testdata/proc/net/tcp6", "/proc/net/tcp")
	f.Fuzz(func(t *testing.T, raw []byte) {
		var rows []socket
		if err := parseTCP(raw, func(s socket) bool { rows = append(rows, s); return true }); err != nil {
			return
		}
		for _, s := range rows {
			if !s.local.IsValid() || !s.remote.IsValid() || s.local.Addr().Is4In6() {
				t.Fatalf("%+v", s)
			}
			line := fmt.Sprintf("0: %s %s %02X %08X:%08X 00:0 0 %d 0 %d\n", hexAddr(s.local), hexAddr(s.remote), s.state, s.unsent, s.unread, s.uid, s.inode)
			again, err := parseSocket([]byte(line))
			if err != nil || again != s {
				t.Fatalf("%q reads as %+v, %v; want %+v", line, again, err, s)
			}
		}
	})
}

func hexAddr(a netip.AddrPort) string {
	ip := a.Addr().AsSlice()
	for w := ip; len(w) > 0; w = w[4:] {
		w[0], w[1], w[2], w[3] = w[3], w[2], w[1], w[0] // little-endian words, as tests run on
	}
	return fmt.Sprintf("%X:%04X", ip, a.Port())
}

func FuzzParseUnix(f *testing.F) {
	seed(f, "testdata/proc/net/unix", "/proc/net/unix")
	f.Fuzz(func(t *testing.T, raw []byte) {
		found, err := parseUnix(raw)
		if err != nil && found != nil {
			t.Errorf("%v beside %v", found, err)
		}
		for _, u := range found {
			if !bytes.Contains(raw, []byte(u.path)) {
				t.Errorf("path %q stands nowhere", u.path)
			}
		}
	})
}

func FuzzParseStatus(f *testing.F) {
	seed(f, "testdata/proc/101/status", "/proc/self/status")
	f.Fuzz(func(t *testing.T, raw []byte) {
		st, err := parseStatus(raw)
		if err != nil && (st.UID != 0 || st.NSpid != nil || st.Caught != 0) {
			t.Errorf("%+v beside %v", st, err)
		}
	})
}

func FuzzParseUptime(f *testing.F) {
	f.Add([]byte("1000.50 1900.11\n"), uint64(90000))
	f.Fuzz(func(t *testing.T, raw []byte, start uint64) {
		if d, err := parseUptime(raw, start); d < 0 || err != nil && d != 0 {
			t.Errorf("%v, %v", d, err)
		}
	})
}

func FuzzParseDiag(f *testing.F) {
	for _, raw := range [][]byte{unixAnswer(4712, 0, 3), unixAnswer(0, 1, 0), append(tcpAnswer, make([]byte, 40)...)} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if s, err := parseUnixDiag(raw); err != nil && s != (unixSocket{}) {
			t.Errorf("%+v beside %v", s, err)
		}
		if s, err := parseTCPDiag(raw); err != nil && s != (socket{}) {
			t.Errorf("%+v beside %v", s, err)
		}
	})
}

func FuzzParseSocketLink(f *testing.F) {
	f.Add("socket:[4711]")
	f.Add("pipe:[4711]")
	f.Add("socket:[88888888888888888711]")
	f.Fuzz(func(t *testing.T, link string) {
		if inode, ok := parseSocketLink(link); !ok && inode != 0 {
			t.Errorf("%q: %d", link, inode)
		}
	})
}
