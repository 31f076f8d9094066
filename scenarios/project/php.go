package project

import (
	"path"

	"leakhunt/scenarios"
)

// php finds the folder that PHP's own server is to serve. It answers by index.php there for
// what is no file, as frameworks expect.
func php(f folder) []Guess {
	why := f.first("public/index.php", "web/index.php", "www/index.php", "webroot/index.php", "htdocs/index.php", "index.php")
	if why == "" {
		return nil
	}
	return []Guess{{
		Name: "PHP, by its own server", Why: why,
		Pin: scenarios.Pin{Command: []string{"php", "-S", "127.0.0.1:${PORT}", "-t", path.Dir(why)}},
	}}
}
