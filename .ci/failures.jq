# Reads the events of `go test -json` as one array; prints the end of what each
# failed test printed, and of each that never ended, and of a package that failed
# otherwise (a build, a panic, a deadline) what it printed outside its tests.
# Parents of a failed subtest are left out: they say nothing more. Of much, what
# the test itself said comes before the end; where a panic or a race is told, the
# lines from there on are shown, then the goroutines that are in a test: what
# hung, and where.
def package: .Package // .ImportPath;
def clip: . as $lines
    | first(range(length) | select($lines[.] | test("^(panic: |fatal error: |SIGQUIT|WARNING: DATA RACE)"))) // null
    | if ($lines | length) <= 60 then $lines
      elif . == null then ["… \(($lines | length) - 40) lines before, of them:\n"]
        + ($lines[:-40] | map(select(test("^ +[a-z0-9_]+\\.go:[0-9]+: "))) | .[:20]) + $lines[-40:]
      else $lines[([. - 10, 0] | max):. + 40] + ["…\n"]
        + ($lines[. + 40:] | join("") | split("\n\n") | map(select(test("_test\\.go"))) | .[:8] | map(. + "\n\n"))
      end;
def printed(f): [.[] | select(.Output and f) | .Output] | clip | join("");
def leaves: . as $tests | map(. as $t | select(any($tests[]; .Package == $t.Package and (.Test | startswith($t.Test + "/"))) | not));
. as $events
| [.[] | select(.Test and (.Action | IN("pass", "fail", "skip"))) | {Package, Test}] as $ended
| ([.[] | select(.Action == "fail" and .Test) | {Package, Test}] | leaves) as $failed
| (([.[] | select(.Action == "run") | {Package, Test}] - $ended) | leaves) as $hung
| ($failed[] | . as $t | "--- \(.Package) \(.Test)\n" + ($events | printed(.Package == $t.Package and .Test == $t.Test))),
  ($hung[] | . as $t | "--- \(.Package) \(.Test) did not end\n" + ($events | printed(.Package == $t.Package and .Test == $t.Test))),
  ([.[] | select((.Action == "fail" and .Test == null) or .Action == "build-fail") | package]
    - ([$failed[].Package] - [$hung[].Package])
    | unique[]
    | . as $p | "--- \($p)\n" + ($events | printed(package == $p and .Test == null)))
