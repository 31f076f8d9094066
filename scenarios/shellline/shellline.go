// Package shellline reads a command as it is typed into a shell, or stands in a
// Procfile. It says it in the words of a scenario: command:, env: and dir:.
package shellline

import (
	"errors"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"leakhunt/harness/fault"
)

// Command is one program with its arguments. In its texts ${NAME} stands for a
// variable, and $${ for a plain ${, as in a scenario.
type Command struct {
	Argv []string
	Env  []string // NAME=value
	Dir  string   // "" is the current folder
}

// Parse reads a line such as "cd app && RAILS_ENV=production exec puma -p $PORT".
// What needs a shell, as && and $(…) do, is a Usage fault that names it.
func Parse(line string) (Command, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(line), "")
	if err != nil {
		var at syntax.ParseError
		if errors.As(err, &at) {
			err = errors.New(at.Text)
		}
		return Command{}, fault.Usagef("no shell would take the command line %q", line).Because(err)
	}
	r := reader{line: line}
	switch len(file.Stmts) {
	case 0:
		return Command{}, fault.Usagef("the command line is empty")
	case 1:
		r.statement(file.Stmts[0], true)
	default:
		r.refuse("more than one command")
	}
	if r.err != nil {
		return Command{}, r.err
	}
	if len(r.Argv) == 0 {
		return Command{}, fault.Usagef("the command line %q starts no program", line)
	}
	return r.Command, nil
}

// reader turns the tree of a line into a Command, or into the first reason why it
// cannot.
type reader struct {
	Command
	line string
	err  error
}

func (r *reader) refuse(what string) {
	if r.err == nil {
		r.err = fault.Usagef("leakhunt starts one program, and the command line has %s, which needs a shell", what).
			WithHint("Write the line into a file such as start.sh, with exec before its last command, and give: sh start.sh")
	}
}

// source is how a node stands in the line.
func (r *reader) source(n syntax.Node) string {
	text := r.line[min(int(n.Pos().Offset()), len(r.line)):min(int(n.End().Offset()), len(r.line))]
	const most = 40
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// statement reads a simple command; outer says that a change of folder may stand
// before it.
func (r *reader) statement(s *syntax.Stmt, outer bool) {
	switch {
	case s.Background:
		r.refuse("&")
	case s.Negated:
		r.refuse("!")
	case len(s.Redirs) > 0:
		r.refuse("a redirection (" + r.source(s.Redirs[0]) + ")")
	}
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		r.call(c)
	case *syntax.BinaryCmd:
		if outer && c.Op == syntax.AndStmt && r.folder(c.X) {
			r.statement(c.Y, false)
			return
		}
		r.refuse(c.Op.String())
	case nil:
		r.refuse(r.source(s))
	default:
		r.refuse(r.source(c))
	}
}

// folder takes "cd DIR"; false for anything else.
func (r *reader) folder(s *syntax.Stmt) bool {
	c, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(c.Args) != 2 || len(c.Assigns)+len(s.Redirs) > 0 || s.Negated || c.Args[0].Lit() != "cd" {
		return false
	}
	r.Dir = r.word(c.Args[1])
	return true
}

func (r *reader) call(c *syntax.CallExpr) {
	for _, a := range c.Assigns {
		if a.Append || a.Array != nil || a.Index != nil {
			r.refuse(r.source(a))
			continue
		}
		value := ""
		if a.Value != nil {
			value = r.word(a.Value)
		}
		r.Env = append(r.Env, a.Name.Value+"="+value)
	}
	args := c.Args
	if len(args) > 1 && args[0].Lit() == "exec" {
		args = args[1:]
	}
	for _, w := range args {
		r.Argv = append(r.Argv, r.word(w))
	}
}

// word is a word without its quotes.
func (r *reader) word(w *syntax.Word) string {
	var b strings.Builder
	for i, part := range w.Parts {
		if lit, ok := part.(*syntax.Lit); ok {
			if i == 0 && strings.HasPrefix(lit.Value, "~") {
				r.refuseWord(lit, "write $HOME for it")
			}
			if globs(lit.Value) {
				r.refuseWord(w, "write the name out, or put it between '…' where it is no pattern")
			}
			b.WriteString(plain(unescape(lit.Value, "")))
			continue
		}
		r.part(&b, part)
	}
	return b.String()
}

func (r *reader) refuseWord(n syntax.Node, instead string) {
	if r.err == nil {
		r.err = fault.Usagef("%s in the command line is a pattern for a shell", r.source(n)).
			WithHint("No shell reads it: %s.", instead)
	}
}

// part writes a part of a word that is no plain text.
func (r *reader) part(b *strings.Builder, part syntax.WordPart) {
	switch p := part.(type) {
	case *syntax.SglQuoted:
		b.WriteString(plain(p.Value))
	case *syntax.DblQuoted:
		for _, inner := range p.Parts {
			if lit, ok := inner.(*syntax.Lit); ok {
				b.WriteString(plain(unescape(lit.Value, "$`\"\\\n")))
				continue
			}
			r.part(b, inner)
		}
	case *syntax.ParamExp:
		r.variable(b, p)
	default:
		r.refuse(r.source(part))
	}
}

// variable writes $NAME, ${NAME} and ${NAME:-text}, which a scenario has too.
func (r *reader) variable(b *strings.Builder, p *syntax.ParamExp) {
	text := r.source(p)
	simple := p.Param != nil && syntax.ValidName(p.Param.Value) && !p.Excl && !p.Length && p.Index == nil &&
		p.Slice == nil && p.Repl == nil && p.Names == 0
	switch {
	case !simple:
		r.refuse(text)
	case p.Exp == nil:
		b.WriteString("${" + p.Param.Value + "}")
	case p.Exp.Op == syntax.DefaultUnsetOrNull && p.Exp.Word != nil && p.Exp.Word.Lit() != "":
		b.WriteString("${" + p.Param.Value + ":-" + p.Exp.Word.Lit() + "}")
	default:
		r.refuse(text)
	}
}

// globs is whether an unquoted text has a pattern for file names.
func globs(text string) bool {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '*', '?':
			return true
		}
	}
	return false
}

// unescape takes the backslashes away before the characters of only, before all
// where that is "". A backslash joins a line to the next.
func unescape(text, only string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && (only == "" || strings.IndexByte(only, text[i+1]) >= 0) {
			if i++; text[i] == '\n' {
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// plain is a text that is no variable, whatever it looks like.
func plain(text string) string { return strings.ReplaceAll(text, "${", "$${") }
