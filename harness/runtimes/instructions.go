package runtimes

import (
	"fmt"
	"path"
	"strings"
)

// agentHome is where the instructions put agents and sockets.
const (
	agentHome = "/etc/leakhunt"
	agentRun  = "/run/leakhunt"
)

// Instructions says how a process that others start loads the agent of a
// language: the lines for Passenger, systemd, Docker and a Procfile. Any other
// language is a Usage error.
func Instructions(language string) (string, error) {
	file, ok := agentFile[language]
	if !ok {
		return "", noAgent(language)
	}
	at := path.Join(agentHome, file)
	// PYTHONPATH names the folder.
	load := map[string][3]string{
		"ruby":   {"RUBYOPT", "-r" + at, "in front, with a space"},
		"node":   {"NODE_OPTIONS", "--require " + at, "in front, with a space"},
		"python": {"PYTHONPATH", agentHome, "behind, with a colon"},
	}[language]
	name, value := load[0], load[1]
	shell := fmt.Sprintf("%s=%s %s=%q", AgentVar, agentRun, name, value)
	return strings.NewReplacer(
		"{file%/*}", agentHome, "{file}", at, "{language}", language, "{run}", agentRun, "{var}", AgentVar, "{name}", name, "{value}", value, "{place}", load[2], "{shell}", shell,
	).Replace(`Once, as root (USER is the user that the application runs as):

  install -d -m 755 {file%/*}
  leakhunt agent {language} > {file}
  install -d -m 700 -o USER {run}

Then two lines where the application is started. What {name} holds already
goes {place}.

Passenger with Apache:
  SetEnv {name} "{value}"
  SetEnv {var} {run}

Passenger with Nginx:
  passenger_env_var {name} "{value}";
  passenger_env_var {var} {run};

systemd ([Service]; RuntimeDirectory makes the folder at each start):
  Environment="{name}={value}" {var}={run}
  RuntimeDirectory=leakhunt
  RuntimeDirectoryMode=0700

Docker (a folder for each container, since their pids are alike):
  docker run --mount type=bind,src={file%/*},dst={file%/*},readonly \
    -v {run}:{run} -e {name}="{value}" -e {var}={run} …

Procfile:
  web: {shell} …

Restart the application; each process then opens {run}/PID.sock, and
leakhunt run finds it there.
`), nil
}
