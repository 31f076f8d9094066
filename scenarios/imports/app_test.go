package imports

import (
	"bytes"
	"strings"
	"testing"

	"leakhunt/scenarios"
)

func TestAppPath(t *testing.T) {
	for _, c := range [][3]string{
		{"rails", "/orders/:id(.:format)", "/orders/{{order_id}}"},
		{"rails", "/projects/:project_id/issues/:id/edit(.:format)", "/projects/{{project_id}}/issues/{{issue_id}}/edit"},
		{"rails", "(/projects/:id)/search(.:format)", "/search"},
		{"rails", "/(:locale)/x", "/x"},
		{"rails", "/files/*path(.:format)", "/files/{{path}}"},
		{"rails", "/", "/"},
		{"sinatra", "/hello/:name.?:format?", "/hello/{{name}}"},
		{"sinatra", "/say/*/to/*", "/say/{{path}}/to/{{path}}"},
		{"sinatra", "/a/?", "/a"},
		{"sinatra", `\A/x\z`, ""},
		{"express", "/users/:id(\\d+)/books/:book?", "/users/{{user_id}}/books"},
		{"express", "/files/*splat", "/files/{{splat}}"},
		{"express", "/a{/:b}/c", "/a/c"},
		{"express", "/flights/:from-:to", "/flights/{{from}}-{{to}}"},
		{"express", "/colou?r", "/color"},
		{"express", "/:", ""},
		{"express", "/a(b", ""},
		{"fastify", "/at/:hour(^\\d{2})h:minute(^\\d{2})m", "/at/{{hour}}h{{minute}}m"},
		{"fastify", "/name::verb", "/name:verb"},
		{"fastify", "/*", "/{{path}}"},
		{"flask", "/orders/<int:id>", "/orders/{{order_id}}"},
		{"flask", "/any/<any(a, b):which>/<path:rest>", "/any/{{which}}/{{rest}}"},
		{"flask", "/n/<n>", "/n/{{value}}"},
		{"bottle", "/orders/<id:int>/<rest:path>", "/orders/{{order_id}}/{{rest}}"},
		{"bottle", "/orders/:id#[0-9]+#/<:re:a|b>", "/orders/{{order_id}}/{{value}}"},
		{"bottle", "/broken/<id", ""},
		{"bottle", "/broken/:id#x", ""},
		{"flask", "/broken/<int:id", ""},
		{"fastapi", "/items/{item_id}", "/items/{{item_id}}"},
		{"fastapi", "/files/{file_path:path}", "/files/{{file_path}}"},
		{"django", "/orders/<int:pk>/", "/orders/{{order_pk}}/"},
		{"django", "/^articles/(?P<year>[0-9]{4})/(?:page-(\\d+)/)?$", "/articles/{{year}}/"},
		{"django", "/admin/^logs\\.txt\\Z", "/admin/logs.txt"},
		{"django", "/^x/?$", "/x"},
		{"django", "/^t/[a-z]+/(?:a|b)/\\d*$", "/t/{{value}}/a"},
		{"django", "", "/"},
		{"flask", "/<a/b>/c", "/{{a_b}}/c"},
		{"flask", "/{{evil}}/${HOME}", "/{{evil}}/${{home}}"},
		{"rails", "/a b", ""},
		{"rails", "/\x00a", ""},
	} {
		got, ok := appPath(c[0], c[1])
		if !ok {
			got = ""
		}
		if got != c[2] {
			t.Errorf("%s %q: got %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

var appRoutes = []AppRoute{
	{"rails", "GET", "/", "shop#index", "/srv/shop/app/controllers/shop_controller.rb", 3},
	{"rails", "GET|POST", "/search(.:format)", "shop#search", "/srv/shop/app/controllers/shop_controller.rb", 9},
	{"rails", "", "/orders/:id(.:format)", "orders#show", "/usr/lib/ruby/gems/orders.rb", 12},
	{"rails", "DELETE", "/orders/:id(.:format)", "orders#destroy", "", 0},
	{"rails", "GET", "/logout(.:format)", "account#logout", "", 0},
	{"rails", "GET", "/rails/info(.:format)", "rails/info#index", "", 0},
	{"express", "GET", "", "", "", 0},
	{"express", "GET", "/x", "# evil\n- /y", "a\nb", 1},
}

func TestApp(t *testing.T) {
	f, err := App(appRoutes, "/srv/shop", Options{})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, f, "testdata/app.golden")
	if f, err = App(appRoutes, "/srv/shop", Options{Unsafe: true}); err != nil || len(f.Routes) != 7 {
		t.Errorf("%d routes with --unsafe, %v", len(f.Routes), err)
	}
	if f, err = App(nil, "", Options{}); f != nil || err == nil || !strings.Contains(err.Error(), "lists no routes") {
		t.Errorf("no routes: %v, %v", f, err)
	}
}

// FuzzAppPath: whatever a framework calls its paths, the scenario can be read again.
func FuzzAppPath(f *testing.F) {
	for _, r := range appRoutes {
		f.Add(r.Framework, r.Method, r.Path, r.Handler)
	}
	f.Add("django", "GET", "/^t/(?P<a>[a-z]+)?(?:b|c)*\\d{2}$", "x")
	f.Add("flask", "GET", "/<int:id>/{a}", "")
	f.Add("sinatra", "GET", "/:a?:b*(c)?{d}", "")
	f.Fuzz(func(t *testing.T, framework, method, path, handler string) {
		found, err := App([]AppRoute{{framework, method, path, handler, path, 1}}, "/srv", Options{Unsafe: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Routes) == 0 {
			return
		}
		var out bytes.Buffer
		if err := found.Write(&out, scenarios.Pin{URL: "http://127.0.0.1:1"}, ""); err != nil {
			t.Fatal(err)
		}
		vars := map[string]string{}
		for _, name := range found.Unfilled() {
			vars[name] = "1"
		}
		none := func(string) (string, bool) { return "", false }
		if _, err := scenarios.Parse(out.Bytes(), "x.yaml", scenarios.Options{Vars: vars, LookupEnv: none}); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
	})
}
