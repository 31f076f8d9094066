package target

import (
	"io"
	"net"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

func TestOpenFastCGI(t *testing.T) {
	for address, want := range map[string]string{
		"unix:/run/php.sock": "", "127.0.0.1:9000": "", "[::1]:9000": "",
		"unix:php.sock": "names no socket", "/run/php.sock": "is no address", "localhost": "is no address", "": "is no address",
	} {
		_, err := openFastCGI(&scenarios.Scenario{Target: scenarios.Target{FastCGI: &scenarios.FastCGI{Address: address}}})
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || fault.KindOf(err) != fault.Usage) {
			t.Errorf("%q: %v, want %q", address, err, want)
		}
	}
}

// What answers something else, or nothing, is no FastCGI server.
func TestSpeaksFastCGI(t *testing.T) {
	for name, c := range map[string]struct{ answer, want string }{
		"FastCGI":        {"\x01\x0a\x00\x00\x00\x00\x00\x00", ""},
		"HTTP":           {"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak FastCGI"},
		"another record": {"\x01\x03\x00\x00\x00\x00\x00\x00", "does not speak FastCGI"},
		"cut short":      {"\x01\x0a\x00", "does not speak FastCGI, or refuses"},
		"nothing":        {"", "does not speak FastCGI, or refuses"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 64))
				_, _ = io.WriteString(conn, c.answer)
				_ = conn.Close()
			}()
			err = speaksFastCGI(t.Context(), address{url: "fastcgi://it", network: "tcp", at: l.Addr().String()})
			if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || fault.HintOf(err) == "") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
