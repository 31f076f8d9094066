package guard

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"
	"syscall"
)

// reports reads what a guard says, until it ends. guard is its pid.
func reports(r io.Reader, started func(pid, guard int, failed string), ended func(pid int, status syscall.WaitStatus)) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		verb, rest, _ := strings.Cut(lines.Text(), " ")
		switch verb {
		case "started":
			var pid, guard int
			if n, _ := fmt.Sscan(rest, &pid, &guard); n == 2 && pid > 0 && guard > 0 {
				started(pid, guard, "")
			} else {
				started(0, 0, "its guard said: "+lines.Text())
			}
		case "failed":
			started(0, 0, cmp.Or(rest, "for no reason that is known"))
		case "ended":
			var pid int
			var status uint32
			if n, _ := fmt.Sscan(rest, &pid, &status); n == 2 {
				ended(pid, syscall.WaitStatus(status))
			}
		}
	}
}
