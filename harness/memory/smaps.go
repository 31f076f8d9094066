package memory

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
)

// AnonBetween is how much anonymous memory and swap a process has in the mappings
// between two of its addresses, in bytes (/proc/PID/smaps). A mapping that only
// touches them counts in full.
func AnonBetween(pid int, from, to uint64) (int64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps", pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return anonBetween(f, from, to)
}

// anonBetween reads mappings `7f6acb000000-7f6acbbc7000 rw-p …`, each with its figures
// in the lines that follow, one `Anonymous:   1234 kB`. A kernel without swap has no
// `Swap:`.
func anonBetween(smaps io.Reader, from, to uint64) (sum int64, err error) {
	lines := bufio.NewScanner(smaps)
	var inside, whole bool // of the present mapping; any mapping has had its figures
	for lines.Scan() {
		text := lines.Bytes()
		if low, high, ok := mapping(text); ok {
			inside = low < to && high > from
			continue
		}
		for _, name := range []string{"Anonymous", "Swap"} {
			if _, ok := line(text, name); !ok {
				continue
			}
			whole = true
			n, err := field(text, name)
			if err != nil {
				return 0, err
			}
			if inside && n > math.MaxInt64-sum {
				return 0, fmt.Errorf("mappings add up to more than %d bytes", math.MaxInt64)
			} else if inside {
				sum += n
			}
		}
	}
	if err := lines.Err(); err != nil {
		return 0, err
	}
	if !whole {
		return 0, fmt.Errorf("no mapping has figures")
	}
	return sum, nil
}

// mapping is the range of addresses at the beginning of a line of smaps.
func mapping(text []byte) (low, high uint64, ok bool) {
	addresses, _, _ := bytes.Cut(text, []byte(" "))
	first, last, ok := bytes.Cut(addresses, []byte("-"))
	if !ok {
		return 0, 0, false
	}
	low, err := strconv.ParseUint(string(first), 16, 64)
	if err != nil {
		return 0, 0, false
	}
	high, err = strconv.ParseUint(string(last), 16, 64)
	return low, high, err == nil
}
