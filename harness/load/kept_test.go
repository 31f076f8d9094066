package load

import (
	"bytes"
	"testing"
)

// TestKept: of a long body the beginning is kept, however it comes.
func TestKept(t *testing.T) {
	var body []byte
	for n := 0; n < 3*mostKept; n += 32<<10 - 1 {
		body = kept(body, bytes.Repeat([]byte{byte(n >> 20)}, 32<<10-1))
		if len(body) > mostKept || cap(body) > mostKept {
			t.Fatalf("%d bytes are kept", cap(body))
		}
	}
	if len(body) != mostKept || body[0] != 0 || body[mostKept-1] != (mostKept-1)>>20 {
		t.Error("the beginning is lost")
	}
}
