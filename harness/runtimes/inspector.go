package runtimes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

// inspectorPort is Node's default for --inspect and SIGUSR1.
const inspectorPort = 9229

// DialInspector reads a Node process that was started without the agent.
// SIGUSR1 makes Node open its inspector on 127.0.0.1 (nodejs.org, "Debugging");
// through it the agent's functions are evaluated once, without a socket. An
// inspector that was opened here is closed by Close; one that was open before
// is left as it was.
func DialInspector(ctx context.Context, pid int) (*Agent, error) {
	exe, err := proc.Exe(pid)
	if err != nil {
		return nil, fault.Measuref("process %d has no inspector", pid).Because(err)
	}
	// The signal would end any other program.
	if name := filepath.Base(exe); !strings.HasPrefix(name, "node") {
		return nil, fault.Measuref("process %d runs %s, not node: it has no inspector", pid, name).
			WithHint("Leave runtime: out, and what the process runs is recognised.")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	port, opened, err := openInspector(ctx, pid)
	if err != nil {
		return nil, err
	}
	in, err := attach(ctx, pid, port)
	if err != nil {
		return nil, err
	}
	in.opened = opened
	return open(ctx, "inspector", pid, in)
}

// openInspector finds the port that the process's inspector listens on. What
// listens after the signal and did not before is the inspector: no other port
// of the application is tried, that would be a request to it.
func openInspector(ctx context.Context, pid int) (port int, opened bool, err error) {
	before, err := listeners(pid)
	if err != nil {
		return 0, false, fault.Measuref("cannot see on which ports process %d listens", pid).Because(err)
	}
	if slices.Contains(before, inspectorPort) {
		return inspectorPort, false, nil
	}
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		return 0, false, fault.Measuref("cannot signal process %d", pid).Because(err)
	}
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		now, err := listeners(pid)
		if err != nil {
			break
		}
		for _, p := range now {
			if !slices.Contains(before, p) {
				return p, true, nil
			}
		}
	}
	if taken() {
		return 0, false, fault.Measuref("the inspector of process %d cannot open: another process listens on 127.0.0.1:%d", pid, inspectorPort).
			WithHint("Close the other inspector, or start this process with --inspect-port=0 in NODE_OPTIONS.")
	}
	return 0, false, fault.Measuref("process %d opened no inspector after SIGUSR1", pid).
		WithHint("The application may handle SIGUSR1 itself, or have its inspector open on another port; load the agent instead: leakhunt agent node.")
}

func taken() bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(inspectorPort)))
	if err != nil {
		return true
	}
	_ = l.Close()
	return false
}

// inspector speaks the Chrome DevTools Protocol with one process.
type inspector struct {
	pid    int
	conn   *websocket.Conn
	last   int
	answer string // object id of the agent's function
	opened bool
}

func attach(ctx context.Context, pid, port int) (*inspector, error) {
	address, err := debuggerURL(ctx, port)
	if err != nil {
		return nil, fault.Measuref("the inspector of process %d does not answer on port %d", pid, port).Because(err)
	}
	conn, _, err := websocket.Dial(ctx, address, nil) //nolint:bodyclose // the library closes it
	if err != nil {
		return nil, fault.Measuref("the inspector of process %d refuses a session", pid).Because(err).
			WithHint("Another debugger may hold it; close that one.")
	}
	conn.SetReadLimit(maxAnswer)
	in := &inspector{pid: pid, conn: conn}
	source, err := Source("node")
	if err != nil {
		return nil, err
	}
	result, err := in.call(ctx, "Runtime.evaluate", map[string]any{"expression": source, "includeCommandLineAPI": true})
	if err == nil && result.ObjectID == "" {
		err = fault.Measuref("the agent cannot be evaluated in process %d", pid)
	}
	if err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	in.answer = result.ObjectID
	return in, nil
}

// debuggerURL asks the inspector's HTTP side for its WebSocket.
func debuggerURL(ctx context.Context, port int) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/json/list", port), nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", err
	}
	var targets []struct {
		URL string `json:"webSocketDebuggerUrl"`
	}
	if err := json.Unmarshal(body, &targets); err != nil || len(targets) == 0 || targets[0].URL == "" {
		return "", fault.Measuref("it lists no target")
	}
	return targets[0].URL, nil
}

func (in *inspector) exchange(ctx context.Context, command string) ([]byte, error) {
	quoted, err := json.Marshal(command)
	if err != nil {
		return nil, err
	}
	result, err := in.call(ctx, "Runtime.callFunctionOn", map[string]any{
		"objectId": in.answer, "functionDeclaration": "function () { return this(" + string(quoted) + ") }",
		"awaitPromise": true, "returnByValue": true,
	})
	if err != nil {
		return nil, err
	}
	return result.Value, nil
}

type remoteObject struct {
	ObjectID string          `json:"objectId"`
	Value    json.RawMessage `json:"value"`
}

// call sends one method and waits for its answer; events are passed over.
func (in *inspector) call(ctx context.Context, method string, params map[string]any) (*remoteObject, error) {
	in.last++
	if err := wsjson.Write(ctx, in.conn, map[string]any{"id": in.last, "method": method, "params": params}); err != nil {
		return nil, in.lost(ctx, err)
	}
	for {
		var msg struct {
			ID     int `json:"id"`
			Result struct {
				Result    remoteObject    `json:"result"`
				Exception json.RawMessage `json:"exceptionDetails"`
			} `json:"result"`
			Error *struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		if err := wsjson.Read(ctx, in.conn, &msg); err != nil {
			return nil, in.lost(ctx, err)
		}
		switch {
		case msg.ID != in.last:
		case msg.Error != nil:
			return nil, fault.Measuref("the inspector of process %d reports %q", in.pid, short(msg.Error.Message))
		case msg.Result.Exception != nil:
			return nil, fault.Measuref("the inspector of process %d reports an exception: %s", in.pid, short(string(msg.Result.Exception)))
		default:
			return &msg.Result.Result, nil
		}
	}
}

func (in *inspector) lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.Measuref("the inspector of process %d does not answer", in.pid).Because(ctx.Err())
	}
	return fault.Measuref("the inspector of process %d went away in the middle", in.pid).Because(err)
}

// Close ends the session. inspector.close() blocks Node until its sessions
// have ended, so it is put off to after ours.
func (in *inspector) Close() error {
	if in.opened {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, _ = in.call(ctx, "Runtime.evaluate", map[string]any{
			"expression":            "(i => { setTimeout(() => i.close(), 50).unref() })(require('inspector'))",
			"includeCommandLineAPI": true,
		})
	}
	return in.conn.CloseNow()
}
