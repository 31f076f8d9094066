package scenarios

import (
	"slices"
	"strings"

	"leakhunt/harness/fault"
)

// didYouMean says what name was probably meant to be, or else what there is.
func didYouMean(name string, words []string, what string) string {
	if len(words) == 0 {
		return "nothing can be set here: write {}"
	}
	if w := fault.Closest(name, words); w != "" {
		return `did you mean "` + w + `"?`
	}
	return what + ": " + strings.Join(slices.Sorted(slices.Values(words)), ", ")
}
