package target

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
)

// address is where a target is said to answer.
type address struct {
	url      string // for people, without a password
	network  string // "tcp" or "unix"
	at       string // host:port, or the socket's path
	host     string // the Host header
	name     string // the name a certificate must have
	tls      bool
	insecure bool
}

// parseURL reads http, https and http+unix URLs. A path has no place in the
// first two: the URIs of the scenario are whole paths.
func parseURL(text string, insecure bool) (address, error) {
	u, err := url.Parse(text)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the URL, which may hold a password
		}
		return address{}, fault.Usagef("target.url is no URL").Because(err).
			WithHint("Write it as http://127.0.0.1:3000 or http+unix:///run/app.sock.")
	}
	// Where a scheme is missing or misspelt, user:password@host may parse as any
	// part of a URL. Only a socket's path may hold an @ of its own.
	socket := u.Scheme == "http+unix" && u.Host == "" && u.User == nil
	if strings.Contains(text, "@") && (!socket || strings.Count(u.EscapedPath(), "@") < strings.Count(text, "@")) {
		return address{}, fault.Usagef("target.url holds a user or password").
			WithHint("Send it with headers: {Authorization: …} and name it under secrets:.")
	}
	switch u.Scheme {
	case "http+unix":
		if u.Host != "" || u.Path == "" {
			return address{}, fault.Usagef("target.url %s names no socket", text).
				WithHint("Three slashes and the socket's path: http+unix:///run/app.sock.")
		}
		return address{url: text, network: "unix", at: u.Path, host: "localhost"}, nil
	case "http", "https":
	default:
		return address{}, fault.Usagef("target.url %s: %q is no scheme that leakhunt speaks", text, u.Scheme).
			WithHint("Use http://, https:// or http+unix:///.")
	}
	if u.Hostname() == "" {
		return address{}, fault.Usagef("target.url %s names no host", text)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return address{}, fault.Usagef("target.url %s: a path has no place here", text).
			WithHint("Write %s://%s, and the path in front of each of the uris.", u.Scheme, u.Host)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return address{
		url: u.Scheme + "://" + u.Host, network: "tcp", at: net.JoinHostPort(u.Hostname(), port),
		host: u.Host, name: u.Hostname(), tls: u.Scheme == "https", insecure: insecure,
	}, nil
}

func (a address) endpoint() load.Endpoint {
	return load.Endpoint{Network: a.network, Address: a.at, TLS: a.tls, Insecure: a.insecure, Host: a.host}
}

// dial connects, TLS included.
func (a address) dial(ctx context.Context) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, a.network, a.at)
	if err != nil || !a.tls {
		return conn, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: a.name, InsecureSkipVerify: a.insecure}) //nolint:gosec // asked for by the user
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// local refuses an address of another machine, whose processes cannot be seen. It fixes
// a name to one address, so that every connection goes to the same.
func (a address) local(ctx context.Context) (address, error) {
	if a.network == "unix" {
		return a, nil
	}
	host, port, err := net.SplitHostPort(a.at)
	if err != nil {
		return a, fault.Usagef("target: %s", a.at).Because(err)
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return a, fault.Measuref("%s: the name %s cannot be looked up", a.url, host).Because(err)
	}
	var here []string
	for _, ip := range ips {
		if ours(ip.Unmap()) {
			here = append(here, net.JoinHostPort(ip.Unmap().String(), port))
		}
	}
	if len(here) == 0 {
		return a, fault.Measuref("%s is %s, which is no address of this machine", a.url, ips[0].Unmap()).
			WithHint("leakhunt reads the memory of the process it sends to: run it beside that process, on its machine or in its container.")
	}
	a.at = here[0]
	for _, at := range here[1:] { // localhost may be ::1 and 127.0.0.1, with a server on one of them
		if conn, err := net.DialTimeout("tcp", a.at, time.Second); err == nil {
			_ = conn.Close()
			break
		}
		a.at = at
	}
	return a, nil
}

// ours says whether an address is one of this machine's.
func ours(ip netip.Addr) bool {
	if ip.IsLoopback() || ip.IsUnspecified() {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap() == ip.WithZone("") {
			return true
		}
	}
	return false
}

// refused says why nothing could be connected to.
func (a address) refused(err error) *fault.Error {
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &cert):
		return fault.Measuref("%s: its certificate is not trusted", a.url).Because(cert.Err).
			WithHint("Where that is as it should be, add insecure: true to the target.")
	case errors.As(err, &record):
		return fault.Measuref("%s: what answers there does not speak TLS", a.url).
			WithHint("Write http:// instead of https://.")
	case errors.Is(err, syscall.ECONNREFUSED):
		return fault.Measuref("nobody listens at %s", a.url).WithHint("%s", whoListens())
	case errors.Is(err, syscall.ENOENT):
		return fault.Measuref("there is no socket %s", a.at).WithHint("%s", whoListens())
	case errors.Is(err, os.ErrPermission):
		return fault.Measuref("the socket %s may not be connected to", a.at).Because(err).
			WithHint("Run leakhunt as root or as the application's user: sudo leakhunt …")
	}
	return fault.Measuref("%s cannot be connected to", a.url).Because(err)
}
