package load

import (
	"bytes"
	"testing"
)

// TestKept: of a long body the beginning and the end are kept, however it comes.
func TestKept(t *testing.T) {
	var body []byte
	for n := 0; n < 3*mostKept; n += 32 << 10 {
		body = kept(body, bytes.Repeat([]byte{byte(n >> 20)}, 32<<10))
		if len(body) > mostKept+2*lastKept {
			t.Fatalf("%d bytes are kept", len(body))
		}
	}
	body = kept(body, []byte("# HeapAlloc = 1"))
	if body[0] != 0 || body[mostKept-1] != mostKept>>20-1 || body[mostKept] != 3*mostKept>>20-1 || !bytes.HasSuffix(body, []byte("# HeapAlloc = 1")) {
		t.Error("beginning or end are lost")
	}
}
