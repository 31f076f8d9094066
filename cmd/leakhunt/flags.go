package main

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leakhunt/harness/fault"
	"leakhunt/harness/runtimes"
)

// variablePrefix begins the name of every environment variable of leakhunt.
const variablePrefix = "LEAKHUNT_"

// variable is the environment variable that stands for a flag.
func variable(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// wrongFlag is what a user reads of a command line that cannot be parsed.
func wrongFlag(cmd *cobra.Command, err error) error {
	var none *pflag.NotExistError
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &none):
		return unknownFlag(cmd, none)
	case errors.As(err, &value):
		return wrongValue("--"+value.GetFlag().Name+" "+value.GetValue(), value)
	case errors.As(err, &missing):
		f := missing.GetFlag()
		_, usage := pflag.UnquoteUsage(f)
		return fault.Usagef("--%s needs a value", f.Name).WithHint("--%s: %s.", f.Name, usage)
	}
	return fault.Usagef("%v", err).WithHint("%s --help shows every flag, with examples.", cmd.CommandPath())
}

// oneDash refuses a long flag after one dash, as -output: it would be read as -o with
// the value utput.
func oneDash(root *cobra.Command, args []string) error {
	cmd, rest, err := root.Find(args)
	if err != nil {
		return nil //nolint:nilerr // running the command says so
	}
	for _, arg := range rest {
		if arg == "--" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if len(name) > 1 && strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && cmd.Flag(name) != nil {
			return fault.Usagef("-%s: a flag with a long name takes two dashes", name).WithHint("Write --%s.", name)
		}
	}
	return nil
}

// unknownFlag names the flag that was probably meant, or the command that has it.
func unknownFlag(cmd *cobra.Command, none *pflag.NotExistError) error {
	name, dashes := none.GetSpecifiedName(), "--"
	if short := none.GetSpecifiedShortnames(); short != "" {
		// A long name after one dash is read as short flags, letter by letter.
		name, dashes = short, "-"
	}
	name, _, _ = strings.Cut(name, "=")
	err := fault.Usagef("%s has no flag %s%s", cmd.CommandPath(), dashes, name)
	if len(name) > 1 {
		if f := fault.Closest(name, flagNames(cmd)); f != "" {
			return err.WithHint("Did you mean --%s?", f)
		}
		for _, c := range cmd.Root().Commands() {
			if c.Flags().Lookup(name) != nil && c.IsAvailableCommand() {
				return err.WithHint("%s has it. %s --help shows the flags of this command.", c.CommandPath(), cmd.CommandPath())
			}
		}
	}
	return err.WithHint("%s --help shows every flag, with examples.", cmd.CommandPath())
}

func flagNames(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// wrongValue says what a flag takes that was given as given says, "--max-time 5" or
// "LEAKHUNT_MAX_TIME=5".
func wrongValue(given string, value *pflag.InvalidValueError) error {
	text := value.GetValue()
	switch value.GetFlag().Value.Type() {
	case "duration":
		if text != "" && strings.Trim(text, "0123456789.") == "" {
			return fault.Usagef("%s: the unit is missing", given).WithHint("Write %ss for seconds, or %[1]sm for minutes.", text)
		}
		return fault.Usagef("%s: this is no duration", given).WithHint("Write it as 90s, 15m or 1h30m.")
	case "int", "int64", "intSlice":
		return fault.Usagef("%s: this is no whole number", given).WithHint("Write it in digits, such as 7.")
	case "bool":
		return fault.Usagef("%s: this is neither true nor false", given).WithHint("Write true or false.")
	}
	return fault.Usagef("%s", given).Because(value.Unwrap())
}

// fromEnvironment fills flags that were not given from LEAKHUNT_<FLAG>.
func fromEnvironment(cmd *cobra.Command) error {
	var first error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || first != nil || f.Name == "help" || f.Name == "version" {
			return
		}
		name := variable(f.Name)
		if v, ok := os.LookupEnv(name); ok && v != "" {
			if err := cmd.Flags().Set(f.Name, v); err != nil {
				given := name + "=" + v
				var value *pflag.InvalidValueError
				if first = fault.Usagef("%s", given).Because(err); errors.As(err, &value) {
					first = wrongValue(given, value)
				}
			}
		}
	})
	return first
}

// strangers are the variables of the environment that look like leakhunt's own and
// mean nothing to any of its commands.
func strangers(root *cobra.Command, environ []string) (found []stranger) {
	mine := map[string]bool{}
	for _, name := range notFlags {
		mine[name] = true
	}
	var add func(c *cobra.Command)
	add = func(c *cobra.Command) {
		for _, fl := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
			fl.VisitAll(func(f *pflag.Flag) { mine[variable(f.Name)] = true })
		}
		for _, sub := range c.Commands() {
			add(sub)
		}
	}
	add(root)
	var names []string // without their prefix, which all of them share
	for name := range mine {
		names = append(names, strings.TrimPrefix(name, variablePrefix))
	}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if strings.HasPrefix(name, variablePrefix) && !mine[name] && value != "" {
			s := stranger{name: name}
			if near := fault.Closest(strings.TrimPrefix(name, variablePrefix), names); near != "" {
				s.meant = variablePrefix + near
			}
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b stranger) int { return strings.Compare(a.name, b.name) })
	return found
}

// stranger is a variable that means nothing, and the one that was probably meant;
// "" where none comes near.
type stranger struct{ name, meant string }

// notFlags are the variables that mean something without being a flag: where the
// agent puts its sockets, and what the jobs in scenarios/ci are set up with.
var notFlags = []string{runtimes.AgentVar, "LEAKHUNT_GIT", "LEAKHUNT_REPOSITORY"}

// noteStrangers tells of those variables, before the command begins.
func (a *app) noteStrangers(cmd *cobra.Command) {
	if strings.HasPrefix(cmd.Name(), "__") {
		return // a shell asks for completions
	}
	for _, s := range strangers(cmd.Root(), os.Environ()) {
		meant := ""
		if s.meant != "" {
			meant = ": did you mean " + s.meant + "?"
		}
		a.note("%s in the environment means nothing to leakhunt%s", printable(s.name), meant)
	}
}
