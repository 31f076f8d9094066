package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/scenarios"
	"leakhunt/scenarios/imports"
)

// ask fills what is missing from a dialogue. An answer that cannot be used is
// asked for again; those before it stay.
func (a *app) ask(d *dialogue, f *first, found []proposal) error {
	if err := a.askTarget(d, f, found); err != nil {
		return err
	}
	if err := f.askPages(d); err != nil {
		return err
	}
	given := f.URIs
	for f.Aimed() {
		var uri string
		err := d.question("A URI to measure, such as / or POST /cart (empty: no more):", &uri, func() error {
			f.URIs = slices.Concat(given, []string{uri})
			return f.check()
		})
		if err != nil || uri == "" {
			f.URIs = given
			return err
		}
		given = f.URIs
	}
	return nil
}

// askTarget asks for the target where it is missing.
func (a *app) askTarget(d *dialogue, f *first, found []proposal) error {
	if f.Aimed() {
		return nil
	}
	text := "The URL of the running application, or the command that starts it, with ${PORT}:"
	if len(found) > 0 {
		fmt.Fprintln(d.out, "Found here:")
		for i, p := range found {
			fmt.Fprintf(d.out, "  %d  %s\n", i+1, printable(p.String()))
		}
		text = "A number of these, the URL of a running application, or a command that starts it, with ${PORT}:"
	}
	var answer, note string
	err := d.question(text, &answer, func() (err error) {
		f.Pin = scenarios.Pin{}
		note, err = f.answer(answer, found)
		if err != nil {
			f.Pin = scenarios.Pin{}
		}
		return err
	})
	if note != "" {
		fmt.Fprintln(d.out, "  "+note)
	}
	return err
}

// answer takes an answer for the target: the number of a proposal, a URL, or a
// command line.
func (f *first) answer(text string, found []proposal) (note string, err error) {
	if n, err := strconv.Atoi(text); err == nil {
		if n < 1 || n > len(found) {
			return "", fault.Usagef("there is no number %d here", n)
		}
		f.Pin = found[n-1].Pin
		return found[n-1].Note, nil
	}
	if hostPort.MatchString(text) {
		text = "http://" + text
	}
	if scenarios.IsAddress(text) {
		f.URL = text
		return "", f.check()
	}
	note, err = command(&f.Pin, text)
	if err != nil {
		return "", err
	}
	if missing := f.missing(); missing != "" {
		return "", fault.Usagef("%s", missing)
	}
	return note, f.check()
}

// missing says that the program of the command is not there, or "".
func (f *first) missing() string { return missingProgram(&f.Pin) }

func missingProgram(p *scenarios.Pin) string {
	if len(p.Command) == 0 || strings.Contains(p.Command[0], "${") {
		return ""
	}
	name := p.Command[0]
	if strings.Contains(name, "/") && !filepath.IsAbs(name) {
		name = filepath.Join(p.Dir, name)
		if !strings.Contains(name, "/") {
			name = "./" + name
		}
	}
	if _, err := exec.LookPath(name); err != nil {
		if strings.Contains(name, "/") {
			return fmt.Sprintf("there is no program %s", name)
		}
		return fmt.Sprintf("there is no program %s in PATH; a URL begins with http://", name)
	}
	return ""
}

// most is how many pages the dialogue looks for.
const mostPages = 20

// askPages offers to look for pages where the application runs.
func (f *first) askPages(d *dialogue) error {
	if f.URL == "" || len(f.URIs) > 0 || strings.HasPrefix(f.URL, "http+unix:") || !listening(d.ctx, f.URL) {
		return nil
	}
	var yes string
	if err := d.question("Follow the links of its pages, with GET alone, for URIs to measure? [y/N]", &yes, func() error { return nil }); err != nil {
		return err
	}
	if !strings.HasPrefix(strings.ToLower(yes), "y") {
		return nil
	}
	got, err := imports.Crawl(d.ctx, f.URL, imports.Options{Max: mostPages})
	if err != nil {
		fmt.Fprintln(d.out, "  "+objection(err))
		return d.ctx.Err()
	}
	for _, r := range got.Routes {
		f.URIs = append(f.URIs, r.Example)
		fmt.Fprintln(d.out, "  "+printable(r.Example))
	}
	if err := f.check(); err != nil {
		fmt.Fprintln(d.out, "  "+objection(err))
		f.URIs = nil
	}
	return nil
}

// Where a command line may hold a port: after a flag, or at the end of an address.
var (
	portFlag    = regexp.MustCompile(`^(?:-p|--port|-P|--http-port)$`)
	portWithin  = regexp.MustCompile(`^(?:-p|--port=|--http-port=)(\d{2,5})$`)
	portAddress = regexp.MustCompile(`(?:^|[\w.\]=/]):(\d{2,5})/?$`)
)

// portIn is the port that a command line names; 0 where it names none.
func portIn(argv []string) int {
	for i, arg := range argv {
		text := ""
		if m := portWithin.FindStringSubmatch(arg); m != nil {
			text = m[1]
		} else if m := portAddress.FindStringSubmatch(arg); m != nil {
			text = m[1]
		} else if i > 0 && portFlag.MatchString(argv[i-1]) {
			text = arg
		}
		if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= 65535 {
			return n
		}
	}
	return 0
}
