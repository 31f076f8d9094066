package main

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// mostWords is how many words a sentence has at most: longer ones are read twice.
const mostWords = 25

// noWords are words that make a reader guess, or that a plainer one saying as well.
const noWords = `(?i)\b(whom|whoever|whosoever|thereof|hence|thus|upon|whilst|amongst|utili[sz]es?|leverages?|shall|patiently|swears?|testif(?:y|ies)|lets? go of|in order to|mere|it is (?:not )?to be|are to be|by and by|for ever)\b`

// prose is what a person reads, and where it stands.
type prose struct{ where, words string }

// The texts that people read are in short sentences and plain words.
func TestPlainLanguage(t *testing.T) {
	t.Parallel()
	guesses := regexp.MustCompile(noWords)
	texts := map[string][]prose{}
	for path, kind := range map[string]string{"README.md": "README", "CONTRIBUTING.md": "pages", "scenarios/README.md": "pages", "harness/VERDICT.md": "pages", "harness/SECURITY.md": "pages"} {
		texts[kind] = append(texts[kind], proseOf(t, path)...)
	}
	texts["help"] = helpTexts(newApp(nil, nil, nil).root())
	readSources(t, texts)
	for _, kind := range []string{"README", "pages", "help", "errors", "comments"} {
		all := 0
		for _, text := range texts[kind] {
			for _, s := range sentences(text.words) {
				all++
				if n := len(strings.Fields(s)); n > mostWords {
					t.Errorf("%s: %d words, %d at most: %s", text.where, n, mostWords, s)
				}
				if words := guesses.FindAllString(s, -1); words != nil {
					t.Errorf("%s: %q makes a reader guess: %s", text.where, words, s)
				}
			}
		}
		t.Logf("%s: %d sentences", kind, all)
		if all < 40 {
			t.Errorf("%s: only %d sentences are found", kind, all)
		}
	}
}

const top = "../.."

var (
	codeBlock   = regexp.MustCompile("(?s)```.*?```")
	paragraph   = regexp.MustCompile(`\n\s*\n|\n(?:[-*#|]|\d+\.) *|(?:^|\n)    [^\n]*`)
	quoted      = regexp.MustCompile("`[^`\n]*`|\\]\\([^)]*\\)|\"[^\"\n]*\"")
	sentenceEnd = regexp.MustCompile(`[.!?:]["')*]*\s+|\n\s*\n`)
)

// proseOf is the prose of a page of Markdown: each paragraph, list item and table cell.
func proseOf(t *testing.T, path string) (out []prose) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(top, path))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paragraph.Split(codeBlock.ReplaceAllString(string(data), "\n\n"), -1) {
		for cell := range strings.SplitSeq(p, "|") {
			out = append(out, prose{path, cell})
		}
	}
	return out
}

// helpTexts are the helps of all commands and flags.
func helpTexts(c *cobra.Command) (out []prose) {
	for _, words := range []string{c.Short, c.Long} {
		out = append(out, prose{c.CommandPath(), words})
	}
	c.LocalFlags().VisitAll(func(f *pflag.Flag) { out = append(out, prose{c.CommandPath() + " --" + f.Name, f.Usage}) })
	for _, sub := range c.Commands() {
		out = append(out, helpTexts(sub)...)
	}
	return out
}

// saying are the functions whose texts users see.
var saying = []string{"Usagef", "Measuref", "WithHint", "Errorf", "New", "open", "note", "say", "Sprintf"}

// readSources adds the comments of all programs of this module, and the texts of its errors.
func readSources(t *testing.T, texts map[string][]prose) {
	t.Helper()
	files := token.NewFileSet()
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != top {
			return firstOf(err, fs.SkipDir)
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		at := func(n ast.Node) string { return strings.TrimPrefix(files.Position(n.Pos()).String(), top+"/") }
		for _, c := range f.Comments {
			for _, words := range proseIn(new(comment.Parser).Parse(c.Text()).Content) {
				texts["comments"] = append(texts["comments"], prose{at(c), words})
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 || !slices.Contains(saying, called(call)) {
				return true
			}
			for _, arg := range call.Args {
				if l, ok := arg.(*ast.BasicLit); ok && l.Kind == token.STRING {
					words, err := strconv.Unquote(l.Value)
					if err == nil && strings.Count(words, " ") > 2 {
						texts["errors"] = append(texts["errors"], prose{at(l), words})
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// proseIn are the paragraphs, headings and list items of a comment. What is indented is
// code, as for go doc: a table, or a grammar.
func proseIn(blocks []comment.Block) (out []string) {
	for _, b := range blocks {
		if list, ok := b.(*comment.List); ok {
			for _, item := range list.Items {
				out = append(out, proseIn(item.Content)...)
			}
		} else if _, ok := b.(*comment.Code); !ok {
			out = append(out, string(new(comment.Printer).Text(&comment.Doc{Content: []comment.Block{b}})))
		}
	}
	return out
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// sentences are those of a text, without code and quotations, which are not ours to
// shorten.
func sentences(words string) (out []string) {
	for _, p := range paragraph.Split("\n"+words, -1) {
		for _, s := range sentenceEnd.Split(quoted.ReplaceAllString(p, " x "), -1) {
			if s = strings.Join(strings.Fields(s), " "); strings.Contains(s, " ") {
				out = append(out, s)
			}
		}
	}
	return out
}

// The README is one page that can be read in a few minutes, and its links lead
// somewhere.
func TestReadme(t *testing.T) {
	for _, path := range []string{"README.md", "CONTRIBUTING.md", "scenarios/README.md", "harness/VERDICT.md"} {
		data, err := os.ReadFile(filepath.Join(top, path))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(data), "\n"); path == "README.md" && n > 150 {
			t.Errorf("%s has %d lines", path, n)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#\s]+)`).FindAllStringSubmatch(string(data), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(top, filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}
