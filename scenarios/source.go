package scenarios

import (
	_ "embed" // for the demo's scenario
	"errors"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"leakhunt/harness/bounded"
	"leakhunt/harness/fault"
)

// DemoName stands for the embedded scenario of the demo application, where the
// path of a scenario is asked for.
const DemoName = "demo"

//go:embed demo.yaml
var demo []byte

// Read is the text of a scenario: of the file at path, of the demo, or of the
// address and URIs that path is (IsAddress). Every error is a Usage fault.
func Read(path string) ([]byte, error) {
	switch {
	case path == DemoName:
		return demo, nil
	case IsAddress(path):
		return fromAddress(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer func() { _ = f.Close() }()
	return ReadFrom(f, path)
}

// ReadFrom is the text of a scenario that r holds; path names it in errors.
func ReadFrom(r io.Reader, path string) ([]byte, error) {
	data, err := bounded.All(r, maxFile)
	switch {
	case errors.Is(err, bounded.ErrLong):
		return nil, fault.Usagef("%s is larger than 512 KiB", path).
			WithHint("A scenario is a YAML file: is this the right one? Values for many requests stand in a file of their own (data:).")
	case err != nil:
		return nil, unreadable(path, err)
	}
	return data, nil
}

// InFile is whether a scenario of that path stands in a file.
func InFile(path string) bool {
	return path != "" && path != "-" && path != DemoName && !IsAddress(path)
}

var (
	addressForm = regexp.MustCompile(`^(https?://|http\+unix:///)`)
	methodForm  = regexp.MustCompile(`^[A-Z]+$`)
)

// IsAddress is whether text is a URL, which URIs may follow after blanks, rather
// than the path of a file: "http://127.0.0.1:3000 / POST /cart".
func IsAddress(text string) bool { return addressForm.MatchString(text) }

// fromAddress is the scenario for such a text: the process that answers at the URL is
// sent the URIs; without one, the path of the URL.
func fromAddress(text string) ([]byte, error) {
	words := strings.Fields(text)
	target, first, err := cutAddress(words[0])
	if err != nil {
		return nil, err
	}
	var uris []string
	if first != "" {
		uris = append(uris, first)
	}
	for i := 1; i < len(words); i++ {
		line := words[i]
		if methodForm.MatchString(line) && i+1 < len(words) {
			i++
			line += " " + words[i]
		}
		if _, _, err := ParseRequestLine(line); err != nil {
			return nil, err
		}
		uris = append(uris, line)
	}
	if len(uris) == 0 {
		uris = []string{"/"}
	}
	_, name, _ := strings.Cut(target, "://")
	return yaml.Marshal(struct {
		Version int               `yaml:"version"`
		Name    string            `yaml:"name"`
		Target  map[string]string `yaml:"target"`
		URIs    []string          `yaml:"uris"`
	}{1, name, map[string]string{"url": target}, uris})
}

// cutAddress splits a URL into the target and a path with its query; "" where it has
// none. The path of http+unix is that of the socket.
func cutAddress(text string) (target, uri string, err error) {
	u, err := url.Parse(text)
	if err == nil && u.Scheme != "http+unix" && u.User == nil {
		if u.Path != "" && u.Path != "/" || u.RawQuery != "" {
			uri = u.EscapedPath()
			if uri == "" {
				uri = "/"
			}
			if u.RawQuery != "" {
				uri += "?" + u.RawQuery
			}
		}
		text = u.Scheme + "://" + u.Host
	}
	if err := CheckTargetURL(text); err != nil {
		return "", "", err
	}
	return text, uri, nil
}
