package main

import (
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"leakhunt/harness/fault"
	"leakhunt/harness/secret"
	"leakhunt/scenarios"
)

// app is what every command shares: the streams, which redact secrets, and
// how much to say on them.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	rawOut, rawErr io.Writer // the streams themselves, to ask what they are
	unread         *patient  // between stderr and its stream; nil where that is none
	secrets        *secret.Set
	said           []byte // all of stdin, where a scenario was read from it
	files          fileUse
	quiet, verbose bool
	untold         bool          // --progress none: what takes long is not told
	stay           time.Duration // how long what is convicted must have stayed; 0: as long as usual
	color          string
	bisect         bool
	unhelped       error                  // help was asked for what is no command
	live           atomic.Pointer[live]   // the live table, where there is one
	journal        atomic.Pointer[string] // the path of the run's, where one is written
	begun          atomic.Bool            // something was started, or written for it
	scratch        atomic.Pointer[func()] // removes what was written for it
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	s := &secret.Set{}
	return &app{
		stdin: stdin, rawOut: stdout, rawErr: stderr, secrets: s,
		stdout: s.Writer(stdout), stderr: s.Writer(stderr),
	}
}

const rootLong = `leakhunt finds the request that makes a web application grow.

It pins one application process and sends each URI of a scenario many times,
reading the process's memory as it goes. Then it says of each URI whether it
leaks, with a confidence interval and a detection floor.

Each flag can stand in the environment too, --fail-on as LEAKHUNT_FAIL_ON. The
command line goes above the environment, and that above the scenario.`

const rootExample = `  leakhunt run demo                               # the embedded demo: known leaks, known innocents
  leakhunt run http://127.0.0.1:3000 / /cart      # the process that answers there, without a file
  leakhunt init                                   # write a first scenario
  leakhunt run shop.yaml                          # your scenario, as a ranked table
  leakhunt run shop.yaml -o table -o html=r.html  # a table here, a report there
  leakhunt validate shop.yaml                     # check a scenario, send nothing`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "leakhunt",
		Short:         "Find the request that makes a web application grow",
		Long:          rootLong,
		Example:       rootExample,
		Args:          cobra.ArbitraryArgs, // RunE words what is no command
		RunE:          noCommand,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnvironment(cmd); err != nil {
				return err
			}
			if cmd.Name() == "run" || cmd.Name() == "minimize" {
				surviveBrokenPipes()
			}
			a.noteStrangers(cmd)
			return nil
		},
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(wrongFlag)
	root.SetVersionTemplate("leakhunt {{.Version}}\n")
	root.SetHelpCommand(helpCommand())
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if words := cmd.Flags().Args(); cmd == root && len(words) > 0 {
			a.unhelped = noCommand(root, words)
			return
		}
		help(cmd, args)
	})
	f := root.PersistentFlags()
	f.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but what was asked for")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "also show what a started process says, on stderr")
	f.StringVar(&a.color, "color", "auto", "when to colour: auto, always, never")
	root.AddCommand(a.runCommand(), a.validateCommand(), a.schemaCommand(), a.judgeCommand(),
		a.reportCommand(), a.compareCommand(), a.runsCommand(), a.agentCommand(), a.doctorCommand(), a.initCommand(),
		a.processesCommand(), a.sendCommand(), a.minimizeCommand(), a.mergeCommand(),
		a.demoCommand(), a.importCommand(), a.versionCommand(), a.manCommand())
	a.completions(root)
	return root
}

// helpCommand is cobra's, but for what is no command: that is an error.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, _, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if !about.HasParent() {
				return noCommand(about, args)
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// noCommand is leakhunt without a command, or with one that does not exist.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	err := fault.Usagef("unknown command %q", args[0])
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		return err.WithHint("Did you mean %s?", strings.Join(like, " or "))
	}
	if _, missing := os.Stat(args[0]); scenarios.IsAddress(args[0]) || missing == nil {
		return err.WithHint("Did you mean leakhunt run %s?", printable(strings.Join(args, " ")))
	}
	return err.WithHint("leakhunt --help lists the commands.")
}

// none refuses arguments.
func none(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fault.Usagef("%s takes no argument, and got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// colored is whether to colour what goes to w.
func (a *app) colored(w io.Writer) (bool, error) {
	switch a.color {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		_, no := os.LookupEnv("NO_COLOR")
		return !no && os.Getenv("TERM") != "dumb" && isTerminal(w), nil
	default:
		return false, fault.Usagef("--color %q", a.color).WithHint("Use auto, always or never.")
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width is how many columns w has; 0 where it is no terminal.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil {
			return n
		}
	}
	return 0
}
