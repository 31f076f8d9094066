package passengertest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const apache = "/usr/sbin/apache2"

// Apache serves the applications under a private Apache, which it starts.
// global are further lines of its configuration.
func Apache(t testing.TB, global string, apps ...App) *Server {
	t.Helper()
	s := newServer(t, apps)
	s.run(t, func() *exec.Cmd {
		conf := s.dir + "/apache.conf"
		if err := os.WriteFile(conf, []byte(s.configuration(global)), 0o644); err != nil {
			t.Fatal(err)
		}
		return exec.Command(apache, "-f", conf, "-DFOREGROUND")
	})
	return s
}

func (s *Server) configuration(global string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, m := range []string{"mpm_event", "authz_core", "dir", "mime", "env", "passenger"} {
		line("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so", m, m)
	}
	line("ServerRoot %s\nPidFile %s/apache.pid\nErrorLog %s\nMutex file:%s/lock", s.dir, s.dir, s.Log, s.dir)
	line("Listen 127.0.0.1:%d\nServerName 127.0.0.1\nTypesConfig /etc/mime.types", s.Port)
	if os.Getuid() == 0 { // else it stays who we are
		line("User www-data\nGroup www-data")
	}
	line("PassengerRoot /usr/lib/ruby/vendor_ruby/phusion_passenger/locations.ini")
	line("PassengerDefaultRuby /usr/bin/ruby\nPassengerPython /usr/bin/python3")
	line("PassengerDisableSecurityUpdateCheck on\nPassengerDisableAnonymousTelemetry on")
	line("PassengerInstanceRegistryDir %s", s.Registry)
	line("<Directory />\nRequire all granted\n</Directory>\n%s", global)
	for _, app := range s.Apps {
		line("<VirtualHost *:%d>\nServerName %s.test\nDocumentRoot %s/public", s.Port, app.Name, app.Root)
		line("PassengerAppRoot %s\nPassengerAppGroupName %s\nPassengerAppType %s", app.Root, app.Name, app.Type)
		if file := startupFile(app.Type); file != "" {
			line("PassengerStartupFile %s", file)
		}
		line("PassengerMinInstances %d\n%s\n</VirtualHost>", max(app.Processes, 1), app.Directives)
	}
	return b.String()
}

func startupFile(appType string) string {
	return map[string]string{"rack": "config.ru", "node": "app.js", "wsgi": "passenger_wsgi.py"}[appType]
}
