# Reads the events of `go test -json` as one array; prints the end of what each
# failed test printed, and of a package that failed without one (a build, a
# panic, a deadline) the end of all its output. Parents of a failed subtest are
# left out: they say nothing more.
def package: .Package // .ImportPath;
def tail($n): (if length > $n then ["… \(length - $n) lines before\n"] else [] end) + .[-$n:];
def printed(f): [.[] | select(.Output and f) | .Output] | tail(40) | join("");
. as $events
| [.[] | select(.Action == "fail" and .Test)] as $tests
| ($tests[]
    | . as $t
    | select(any($tests[]; .Package == $t.Package and (.Test | startswith($t.Test + "/"))) | not)
    | "--- \(.Package) \(.Test)\n" + ($events | printed(.Package == $t.Package and .Test == $t.Test))),
  ([.[] | select((.Action == "fail" and .Test == null) or .Action == "build-fail") | package]
    - [$tests[].Package]
    | .[]
    | . as $p | "--- \($p)\n" + ($events | printed(package == $p)))
