package runtimes

import "strings"

// Whose code a file is.
const (
	OwnerApp     = "app"     // the user's own
	OwnerLibrary = "library" // an installed package
	OwnerRuntime = "runtime" // the language's own, or no file at all
)

// Paths that packages are installed under, and those of the languages' own
// files. A package's path may lie inside a language's folder
// (/usr/lib/python3/dist-packages), so packages are looked for first.
var (
	libraryParts = []string{
		"/gems/", "/bundler/gems/", "/vendor_ruby/", "/node_modules/", "/site-packages/", "/dist-packages/",
		"/pkg/mod/", "/vendor/bundle/", "/share/nodejs/", "/share/rubygems-integration/",
	}
	runtimeParts = []string{
		"/lib/ruby/", "/lib/python", "/usr/share/ruby", "/usr/local/go/src/", "/usr/lib/go", "/go/src/runtime/",
	}
	runtimePrefixes = []string{"node:", "<internal:", "<frozen ", "evalmachine"}
)

// Owner guesses from its path whose code a file is: OwnerApp, OwnerLibrary or
// OwnerRuntime.
func Owner(file string) string {
	if file == "" || file == "(V8 API)" {
		return OwnerRuntime
	}
	if class, ok := strings.CutSuffix(file, ".java"); ok && !strings.HasPrefix(file, "/") {
		return classOwner(strings.ReplaceAll(class, "/", "."))
	}
	for _, p := range runtimePrefixes {
		if strings.HasPrefix(file, p) {
			return OwnerRuntime
		}
	}
	if strings.Contains(file, "/bin/") && !strings.Contains(file[strings.LastIndex(file, "/"):], ".") {
		return OwnerLibrary // the script that starts a server
	}
	for _, p := range libraryParts {
		if strings.Contains(file, p) {
			return OwnerLibrary
		}
	}
	for _, p := range runtimeParts {
		if strings.Contains(file, p) {
			return OwnerRuntime
		}
	}
	return OwnerApp
}
