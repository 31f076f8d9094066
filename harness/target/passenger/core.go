package passenger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// answerWithin bounds the wait for a core; it answers in 1 to 5 ms.
	answerWithin = 5 * time.Second
	// mostStatus bounds a status, which has about 3 kB a process.
	mostStatus = 16 << 20
)

// errNoCore is an instance whose core does not answer.
var errNoCore = errors.New("its core does not answer")

// Refresh reads the instance's processes anew. The core tells uid 0, its own
// uid, and an application's uid of that application. Anybody else needs the
// password that the folder holds for root.
func (in *Instance) Refresh(ctx context.Context) error {
	in.Pool = Pool{Version: in.Version}
	in.Err = in.read(ctx)
	return in.Err
}

func (in *Instance) read(ctx context.Context) error {
	raw, err := in.ask(ctx, http.MethodGet, "/pool.xml?secrets=true", nil, "ro_admin", "read_only_admin_password.txt")
	if errors.Is(err, errEmptyPool) {
		return nil
	}
	if err != nil {
		return err
	}
	pool, err := ParseXML(raw)
	if err != nil {
		return err
	}
	in.Pool = pool
	in.relocate()
	return nil
}

// relocate corrects the paths of Unix sockets: where the web server has a /tmp
// of its own, the core says them as they are in there.
func (in *Instance) relocate() {
	inside := "/" + filepath.Base(in.Dir) + "/"
	for _, app := range in.Apps {
		for _, p := range app.Processes {
			for i, s := range p.Sockets {
				if at := strings.Index(s.Address, inside); s.Network == "unix" && at >= 0 {
					p.Sockets[i].Address = in.Dir + s.Address[at+len(inside)-1:]
				}
			}
		}
	}
}

// Settings are the limits of the pool that can end a process of an application.
type Settings struct {
	IdleTime    time.Duration // 0: a process may idle forever
	MaxRequests int           // of the application; 0: as many as come
}

// Settings reads what can end a process of the application with that name. It
// needs what Detach needs.
func (in *Instance) Settings(ctx context.Context, app string) (Settings, error) {
	raw, err := in.ask(ctx, http.MethodGet, "/config.json", nil, "admin", "full_admin_password.txt")
	if err != nil {
		return Settings{}, err
	}
	type number struct {
		Value float64 `json:"effective_value"`
	}
	var said struct {
		Idle number `json:"pool_idle_time"`
		Reqs number `json:"default_max_requests"`
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		return Settings{}, fmt.Errorf("malformed settings of Passenger: %w", err)
	}
	s := Settings{IdleTime: time.Duration(said.Idle.Value) * time.Second, MaxRequests: int(said.Reqs.Value)}
	return s, in.maxRequests(ctx, app, &s)
}

// maxRequests reads the application's own limit, where the core tells it (since
// 6.0). What else stands there, the application's environment too, is not kept.
func (in *Instance) maxRequests(ctx context.Context, app string, s *Settings) error {
	raw, err := in.ask(ctx, http.MethodGet, "/pool.json", nil, "ro_admin", "read_only_admin_password.txt")
	if errors.Is(err, errNoCore) || errors.Is(err, errEmptyPool) {
		return nil
	}
	if err != nil {
		return err
	}
	var apps map[string]struct {
		Reqs []struct { // what holds comes first, then what it overrides
			Value float64 `json:"value"`
		} `json:"max_requests"`
	}
	if err := json.Unmarshal(raw, &apps); err != nil {
		return fmt.Errorf("malformed settings of Passenger: %w", err)
	}
	if reqs := apps[app].Reqs; len(reqs) > 0 {
		s.MaxRequests = int(reqs[0].Value)
	}
	return nil
}

// Detach takes a process out of the pool, which starts another one where it
// needs it; the process ends when its last request is done. It needs root, the
// core's uid, or the full admin password.
func (in *Instance) Detach(ctx context.Context, pid int) error {
	body, _ := json.Marshal(map[string]int{"pid": pid}) // cannot fail
	raw, err := in.ask(ctx, http.MethodPost, "/pool/detach_process.json", body, "admin", "full_admin_password.txt")
	if err != nil {
		return err
	}
	var said struct {
		Detached bool `json:"detached"`
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		return fmt.Errorf("malformed answer of Passenger: %w", err)
	}
	if !said.Detached {
		return fmt.Errorf("process %d is not in the pool", pid)
	}
	return nil
}

// errEmptyPool is a 401 that only means that there is nothing to tell of.
var errEmptyPool = errors.New("no application is running")

// ask sends one request to the core's socket, with the password of user where
// it can be read.
func (in *Instance) ask(ctx context.Context, method, path string, body []byte, user, passwordFile string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://core"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if password, err := os.ReadFile(in.Dir + "/" + passwordFile); err == nil {
		req.SetBasicAuth(user, string(password))
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	var d net.Dialer
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "unix", in.Dir+"/agents.s/core_api")
		},
	}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, unreachable(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, mostStatus))
	switch {
	case err != nil:
		return nil, unreachable(err)
	case resp.StatusCode == http.StatusUnauthorized && resp.Header.Get("Pool-Empty") == "true":
		return nil, errEmptyPool
	case resp.StatusCode == http.StatusUnauthorized:
		return nil, ErrDenied
	case resp.StatusCode/100 != 2:
		return nil, fmt.Errorf("%w as it should: status %d", errNoCore, resp.StatusCode)
	}
	return raw, nil
}

// unreachable words an error of the connection; url.Error would name a URL that
// says nothing to a reader.
func unreachable(err error) error {
	if errors.Is(denied(err), ErrDenied) {
		return ErrDenied
	}
	for next := err; next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return fmt.Errorf("%w: %w", errNoCore, err)
}
