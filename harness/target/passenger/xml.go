package passenger

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/net/html/charset"
)

// Parse reads what the core or passenger-status says, as XML or as text.
func Parse(raw []byte) (Instance, error) {
	if start := xmlStart(raw); start >= 0 {
		pool, err := ParseXML(raw[start:])
		return Instance{Pool: pool}, err
	}
	return ParseText(raw)
}

// xmlStart is where the document begins: passenger-status prints the folders
// that it cleans up before it. -1 where there is none.
func xmlStart(raw []byte) int {
	for _, mark := range []string{"<?xml", "<info"} {
		if i := bytes.Index(raw, []byte(mark)); i >= 0 {
			return i
		}
	}
	return -1
}

type xmlInfo struct {
	XMLName xml.Name   `xml:"info"`
	Version string     `xml:"passenger_version"`
	Max     int        `xml:"max"`
	Groups  []xmlGroup `xml:"supergroups>supergroup>group"`
}

type xmlGroup struct {
	Name        string       `xml:"name"`
	Root        string       `xml:"app_root"`
	Type        string       `xml:"app_type"`
	Environment string       `xml:"environment"`
	UID         *int         `xml:"uid"`
	Spawning    *struct{}    `xml:"spawning"`
	Restarting  *struct{}    `xml:"restarting"`
	Min         *int         `xml:"options>min_processes"`
	Key         string       `xml:"api_key"`
	Processes   []xmlProcess `xml:"processes>process"`
}

type xmlProcess struct {
	PID       int         `xml:"pid"`
	GUPID     string      `xml:"gupid"`
	Password  string      `xml:"connect_password"` // 4.x
	Sessions  int         `xml:"sessions"`
	Processed int64       `xml:"processed"`
	Life      string      `xml:"life_status"`
	Enabled   string      `xml:"enabled"`
	Sockets   []xmlSocket `xml:"sockets>socket"` // only for who may see secrets
}

type xmlSocket struct {
	Name     string `xml:"name"`
	Address  string `xml:"address"`
	Protocol string `xml:"protocol"`
}

// ParseXML reads the document that the core serves as /pool.xml, versions 4.0
// to 6.x. Its charset is iso-8859-1, which up to 5.x is spelled iso8859-1.
func ParseXML(raw []byte) (Pool, error) {
	dec := xml.NewDecoder(bytes.NewReader(raw))
	dec.CharsetReader = charset.NewReaderLabel
	var info xmlInfo
	if err := dec.Decode(&info); err != nil {
		return Pool{}, fmt.Errorf("malformed status of Passenger: %w", harmless(err))
	}
	pool := Pool{Version: info.Version, Max: info.Max}
	for i := range info.Groups {
		app, err := info.Groups[i].app()
		if err != nil {
			return Pool{}, fmt.Errorf("malformed status of Passenger: %w", err)
		}
		pool.Apps = append(pool.Apps, app)
	}
	return pool, nil
}

// harmless takes out of a number's error what stood there instead of it: that
// may be anything.
func harmless(err error) error {
	var number *strconv.NumError
	if errors.As(err, &number) {
		return fmt.Errorf("a number is not one: %w", number.Err)
	}
	return err
}

func (g *xmlGroup) app() (App, error) {
	app := App{
		Name: g.Name, Root: g.Root, Type: strings.ToLower(g.Type), Environment: g.Environment,
		UID: valueOr(g.UID, -1), MinProcesses: valueOr(g.Min, -1),
		Spawning: g.Spawning != nil, Restarting: g.Restarting != nil,
	}
	for i := range g.Processes {
		p, err := g.Processes[i].process(g.Key)
		if err != nil {
			return App{}, fmt.Errorf("application %q: %w", g.Name, err)
		}
		app.Processes = append(app.Processes, p)
	}
	return app, nil
}

func (x *xmlProcess) process(key string) (Process, error) {
	if x.PID <= 0 {
		return Process{}, errors.New("a process without a pid")
	}
	p := Process{
		PID: x.PID, GUPID: x.GUPID, Sessions: x.Sessions, Processed: x.Processed,
		Life: x.Life, Enabled: x.Enabled, Password: Password(key),
	}
	if x.Password != "" {
		p.Password = Password(x.Password)
	}
	for _, s := range x.Sockets {
		network, address, ok := parseAddress(s.Address)
		if !ok {
			return Process{}, fmt.Errorf("process %d listens on an address that is neither tcp://… nor unix:/…", x.PID)
		}
		p.Sockets = append(p.Sockets, Socket{Name: s.Name, Network: network, Address: address, Protocol: s.Protocol})
	}
	return p, nil
}

func valueOr(p *int, fallback int) int {
	if p == nil {
		return fallback
	}
	return *p
}
