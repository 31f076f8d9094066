package imports

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html/charset"

	"leakhunt/harness/fault"
)

// maxSitemaps is how many sitemaps an index may lead to.
const maxSitemaps = 1000

// Sitemap reads a sitemap, or an index of sitemaps: open gives those that it
// names, by the last part of their address, which is that of a file beside it.
// https://www.sitemaps.org/protocol.html. Errors are Usage faults.
func Sitemap(r io.Reader, o Options, open func(name string) (io.ReadCloser, error)) (*Found, error) {
	s := &sitemaps{folder: NewFolder(o), open: open}
	if err := s.read(r, true); err != nil {
		return nil, err
	}
	f := s.folder.Found("a sitemap of " + plural(s.pages, "page"))
	for i := range f.Routes {
		f.Routes[i].Count = 0 // the sitemap does not say how often they are asked for
	}
	f.note(s.missing, "sitemap", "that the index names and that is not beside it; the first is "+oneLine(s.first))
	f.note(s.broken, "sitemap", "that could not be read to its end; the first is "+oneLine(s.firstBroken))
	return f, nil
}

type sitemaps struct {
	folder             *Folder
	open               func(name string) (io.ReadCloser, error)
	pages, files       int64
	missing, broken    int64
	first, firstBroken string
}

// read reads one file. top is the one that was given.
func (s *sitemaps) read(r io.Reader, top bool) error {
	wrong := fault.Usagef("this is no sitemap").
		WithHint("A sitemap is XML whose outermost element is urlset or sitemapindex.")
	d := xml.NewDecoder(&short{r: r, left: maxSitemap})
	d.CharsetReader = charset.NewReaderLabel
	var path []string
	var loc strings.Builder
	for {
		t, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && len(path) == 0 && s.files > 0:
			return nil
		case err != nil:
			return wrong.Because(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if len(path) == 0 {
				if t.Name.Local != "urlset" && t.Name.Local != "sitemapindex" {
					return wrong
				}
				s.files++
			}
			const deep = 32
			if len(path) >= deep {
				return wrong
			}
			path = append(path, t.Name.Local)
			loc.Reset()
		case xml.CharData:
			if len(path) == 3 && path[2] == "loc" && loc.Len()+len(t) <= maxTarget {
				loc.Write(t)
			}
		case xml.EndElement:
			if len(path) == 3 && path[2] == "loc" {
				s.loc(path[1], strings.TrimSpace(loc.String()), top)
			}
			path = path[:len(path)-1]
		}
	}
}

// maxSitemap is how many bytes one may have, by its protocol 50 MiB; maxText how many
// may follow without a tag: the decoder holds them all.
const (
	maxSitemap = 50 << 20
	maxText    = 1 << 20
)

// short reads XML, and fails where that is too long, or a text in it.
type short struct {
	r    io.Reader
	left int // of the whole
	text int // since the last tag
}

func (s *short) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.left -= n
	if tag := bytes.LastIndexByte(p[:n], '<'); tag >= 0 {
		s.text = n - tag
	} else {
		s.text += n
	}
	if s.left < 0 || s.text > maxText {
		return 0, errors.New("it is longer than a sitemap may be")
	}
	return n, err
}

// loc takes up one address of a page or of another sitemap.
func (s *sitemaps) loc(of, address string, top bool) {
	switch {
	case of == "url":
		s.pages++
		s.folder.Add([]byte("GET"), []byte(address), 200)
	case of == "sitemap" && top && s.files < maxSitemaps:
		name := address[strings.LastIndexByte(address, '/')+1:]
		name, _, _ = strings.Cut(name, "?")
		if s.open == nil || name == "" || name == ".." || strings.ContainsAny(name, `\`+"\x00") {
			s.miss(address)
			return
		}
		in, err := s.open(name)
		if err != nil {
			s.miss(name)
			return
		}
		defer in.Close()
		if err := s.read(in, false); err != nil {
			if s.broken++; s.broken == 1 {
				s.firstBroken = name
			}
		}
	}
}

func (s *sitemaps) miss(name string) {
	if s.missing++; s.missing == 1 {
		s.first = name
	}
}
