package main

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/scenarios/imports"
)

// opened gives what a file holds, decompressed, to read.
func (a *app) opened(path string, read func(io.Reader) error) error {
	in, err := a.open(path, fault.Usagef("cannot read the file to import"))
	if err != nil {
		return err
	}
	defer in.close() //nolint:errcheck // it was only read from
	plain, err := in.plain()
	if err != nil {
		return fault.Usagef("cannot read %s", in.name).Because(err)
	}
	return read(plain)
}

// single makes a source of what reads one file.
func single(read func(a *app, r io.Reader, path string, f *importFlags) (*imports.Found, error)) func(*app, context.Context, []string, *importFlags) (*imports.Found, error) {
	return func(a *app, _ context.Context, args []string, f *importFlags) (found *imports.Found, err error) {
		err = a.opened(args[0], func(r io.Reader) error {
			found, err = read(a, r, args[0], f)
			return err
		})
		return found, err
	}
}

func (a *app) importLogs(_ context.Context, args []string, f *importFlags) (*imports.Found, error) {
	log, err := imports.NewAccessLog(f.Options, f.format, f.host)
	if err != nil {
		return nil, err
	}
	for _, path := range args {
		err := a.opened(path, func(r io.Reader) error {
			if err := log.Read(path, r); err != nil {
				// A log that ends early, as one that is being compressed, has its lines all the same.
				a.note("%s: not read to its end: %v", path, err)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return log.Found(), nil
}

// importSitemap reads a sitemap; those that an index names are looked for beside it.
func (a *app) importSitemap(r io.Reader, path string, f *importFlags) (*imports.Found, error) {
	dir := filepath.Dir(path)
	return imports.Sitemap(r, f.Options, func(name string) (io.ReadCloser, error) {
		in, err := a.open(filepath.Join(dir, name), fault.Usagef("cannot read the sitemap"))
		if err != nil {
			return nil, err
		}
		plain, err := in.plain()
		if err != nil {
			return nil, err
		}
		return neighbour{plain, in.close}, nil
	})
}

// neighbour is a file that another one names.
type neighbour struct {
	io.Reader
	close func() error
}

func (n neighbour) Close() error { return n.close() }

// origin is the scheme and the host of a URL; all of it where it is none.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return u.Scheme + "://" + u.Host
}

// sourceOf is the name of the source that a file is, by its name and how it
// begins; an access log where nothing says otherwise.
func (a *app) sourceOf(path string) (source, error) {
	name := "access-log"
	if strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://") {
		name = "crawl"
	} else if info, err := os.Stat(path); path == "app" && (err != nil || info.IsDir()) {
		name = "app" // what Rails has in a folder of that name is not a file to import
	} else if path != "-" {
		head, err := a.headOf(path)
		if err != nil {
			return source{}, err
		}
		ending := strings.ToLower(filepath.Ext(strings.TrimSuffix(path, ".gz")))
		switch {
		case ending == ".har":
			name = "har"
		case bytes.HasPrefix(head, []byte("<")):
			name = "sitemap"
		case ending == ".yaml", ending == ".yml", ending == ".json" && bytes.Contains(head, []byte(`"openapi"`)):
			name = "openapi"
		case bytes.HasPrefix(head, []byte("--[ Route ")), bytes.HasPrefix(head, []byte("Prefix ")):
			name = "rails-routes"
		}
	}
	all := sources()
	return all[slices.IndexFunc(all, func(s source) bool { return s.name == name })], nil
}

func (a *app) headOf(path string) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fault.Usagef("%s is a folder", path).WithHint("Name the file to import.")
	}
	in, err := a.open(path, fault.Usagef("cannot read the file to import"))
	if err != nil {
		return nil, err
	}
	defer in.close() //nolint:errcheck // it was only read from
	return bytes.TrimLeft(bytes.TrimPrefix(in.head, []byte("\ufeff")), " \t\r\n"), nil
}
