package project

import (
	"encoding/json"
	"fmt"
	"io/fs"
)

// Unclear are the files of a folder that belong to an application, and do not tell how
// it is started: each a clause that says why, without a full stop.
func Unclear(dir fs.FS) []string {
	f := folder{dir}
	var why []string
	add := func(file, format string, args ...any) {
		if file != "" {
			why = append(why, fmt.Sprintf(format, append([]any{file}, args...)...))
		}
	}
	if ruby(f) == nil {
		add(f.first("Gemfile"), "%s is here, and no config.ru, config/application.rb or program that requires Sinatra")
	}
	if python(f) == nil {
		add(f.first("requirements.txt", "pyproject.toml", "Pipfile"), "%s is here, and no manage.py or file such as app.py that makes a Flask or FastAPI application")
	}
	if node(f) == nil {
		var manifest map[string]any
		if err := json.Unmarshal([]byte(f.text("package.json")), &manifest); err != nil {
			add(f.first("package.json"), "%s is no JSON object: %v", err)
		} else {
			add("package.json", "%s has no start script, and names no program that is here")
		}
	}
	if procfile(f) == nil {
		add(f.first("Procfile"), "%s has no line that begins with web:")
	}
	if golang(f) == nil {
		add(f.first("go.mod"), "%s is here, and no package main that serves, neither in this folder nor under cmd")
	}
	if compose(f) == nil {
		add(f.first(composeFiles...), "%s publishes no port of a service, or cannot be read")
	}
	return why
}
