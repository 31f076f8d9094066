# shellcheck shell=bash disable=SC2154
# Sourced by install: what the applications of the corpus serve, in the folder $to. $here is this folder.

# data is what the applications serve: each has a function that makes it.
data() {
    for name in files tomcat dokuwiki mediawiki redmine graphite supysonic supervisor shaarli simplesamlphp roundcube tdiary registry \
        beets bepasty bup pelican ticgit hoteldruid rss-bridge phpldapadmin pprof \
        victoria-logs mailpit \
        beancount ara bzr allure pmtiles trace lam postfixadmin grack blog \
        hgpages drf zim railsapi yardlogger; do
        "data_$name"
    done
}

# data_files has those that are ready in the repository, and what a line or two make.
data_files() {
    mkdir -p "$to/data/home" "$to/data/tmp" "$to/data/pouchdb"
    cp -rn "$here"/data/. "$to/data/"
    [ -d "$to/data/hg/.hg" ] || (hg init "$to/data/hg" && cd "$to/data/hg" && cp ../site/index.html . && hg add -q && hg commit -q -m "first" -u corpus)
    [ -d "$to/data/yard/.yardoc" ] || (mkdir -p "$to/data/yard" && cd "$to/data/yard" && cp "$here/plant/plant.rb" . && yard doc -q -n plant.rb)
    printf 'tickTime=2000\ndataDir=%s/data/zookeeper\n' "$to" >"$to/data/zoo.cfg"
    [ -d "$to/data/lektor" ] || printf 'corpus\nme\n%s\ny\ny\n' "$to/data/lektor" | /usr/bin/python3 /usr/bin/lektor quickstart >/dev/null
    [ -d "$to/data/nanoc/site" ] || (mkdir -p "$to/data/nanoc" && cd "$to/data/nanoc" && nanoc create-site site && cd site && nanoc compile) >/dev/null
    mkdir -p "$to/data/module" # for pkgsite
    printf 'module example.com/corpus\n\ngo 1.26\n' >"$to/data/module/go.mod"
    cp -rn "$to/data/site/." "$to/data/jetty/webapps/root/"
    ln -sfn "$to/node/hexo/node_modules" "$to/data/hexo/node_modules"
    ln -sfn "$to/node/webpack-dev-server/node_modules" "$to/data/webpack/node_modules"
    printf '// Package corpus does nothing.\npackage corpus\n' >"$to/data/module/corpus.go"
    [ -d "$to/data/django" ] || (mkdir -p "$to/data/django" && cd "$to/data/django" && /usr/bin/python3 -m django startproject corpus . &&
        /usr/bin/python3 manage.py migrate -v 0)
}

# data_tomcat makes a CATALINA_BASE of our own, whose port is a property.
data_tomcat() {
    base=$to/data/tomcat
    [ -d "$base" ] && return
    mkdir -p "$base"/{conf,logs,temp,webapps,work}
    cp -r /etc/tomcat10/{web.xml,context.xml,catalina.properties,tomcat-users.xml} "$base/conf/"
    sed 's/port="8080"/port="${http.port}" address="127.0.0.1"/; s/<Server port="8005"/<Server port="-1"/' /etc/tomcat10/server.xml >"$base/conf/server.xml"
    cp -rL /usr/share/tomcat10-examples/examples "$base/webapps/"
    cp -r "$to/data/site" "$base/webapps/ROOT"
}

data_dokuwiki() {
    base=$to/data/dokuwiki
    [ -d "$base" ] && return
    cp -rL /usr/share/dokuwiki "$base"
    rm -rf "$base/data" "$base/inc/preload.php" "$base/conf"
    cp -rL /etc/dokuwiki "$base/conf"
    mkdir -p "$base/data"/{pages,attic,media,media_attic,media_meta,meta,cache,index,locks,tmp,log}
    cp "$to/data/wiki.txt" "$base/data/pages/start.txt"
    printf '<?php\n$conf["title"] = "corpus";\n$conf["useacl"] = 0;\n$conf["savedir"] = "%s/data";\n' "$base" >"$base/conf/local.php"
}

data_mediawiki() {
    base=$to/data/mediawiki
    [ -d "$base" ] && return
    mkdir -p "$base" "$to/data/mediawiki-db"
    for part in /usr/share/mediawiki/*; do # but the settings of another wiki
        [ -e "$part" ] && [ "${part##*/}" != LocalSettings.php ] && cp -rL "$part" "$base/"
    done
    (cd "$base" && php maintenance/install.php --dbtype sqlite --dbpath "$to/data/mediawiki-db" \
        --server http://127.0.0.1 --scriptpath "" --pass corpuscorpus1 corpus Admin >/dev/null)
}

# data_redmine makes a copy with a database of its own; Debian's Gemfile looks for its kind in the installed settings.
data_redmine() {
    base=$to/data/redmine
    [ -d "$base" ] && return
    mkdir -p "$base"/instances/default/{log,tmp,files,public,config}
    (cd /usr/share/redmine && cp -r app bin config config.ru db extra lib public templates Gemfile Rakefile "$base")
    sed -i "s|/usr/share/redmine|$base|g" "$base/Gemfile"
    rm -f "$base/config/database.yml"
    printf 'production:\n  adapter: sqlite3\n  database: %s/db/corpus.sqlite3\n' "$base" >"$base/instances/default/config/database.yml"
    head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$base/instances/default/config/secret_key.txt"
    (cd "$base" && RAILS_ENV=production REDMINE_LANG=en rake db:migrate redmine:load_default_data >/dev/null)
}

data_graphite() {
    base=$to/data/graphite
    [ -d "$base" ] && return
    mkdir -p "$base/whisper/corpus" "$base/log"
    sed "s|/var/lib/graphite|$base|g; s|/var/log/graphite|$base/log|g" /etc/graphite/local_settings.py >"$base/local_settings.py"
    echo "SECRET_KEY = 'corpus'" >>"$base/local_settings.py"
    PYTHONPATH=$base /usr/bin/python3 /usr/bin/graphite-manage migrate --run-syncdb -v 0 2>/dev/null
    (cd "$base/whisper/corpus" && /usr/bin/python3 -c '
import time, whisper
for name in "a.wsp", "b.wsp", "c.wsp":
    whisper.create(name, [(60, 1440)])
    for i in range(100):
        whisper.update(name, i, time.time() - 60 * i)')
}

data_supysonic() {
    base=$to/data/supysonic
    [ -d "$base" ] && return
    mkdir -p "$base"
    printf '[base]\ndatabase_uri = sqlite:///%s/supysonic.db\n[webapp]\ncache_dir = %s/cache\n[daemon]\nsocket = %s/sock\n' "$base" "$base" "$base" >"$base/supysonic.conf"
    (cd "$base" && /usr/bin/python3 /usr/bin/supysonic-cli user add corpus -p corpus)
}

data_supervisor() {
    base=$to/data/supervisor
    mkdir -p "$base"
    printf '%s\n' '[supervisord]' nodaemon=true user=root "logfile=$base/log" "pidfile=$base/pid" "childlogdir=$base" \
        '[inet_http_server]' 'port=127.0.0.1:%(ENV_CORPUS_PORT)s' '[program:sleeper]' 'command=sleep 100000' \
        '[rpcinterface:supervisor]' 'supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface' >"$base/supervisord.conf"
}

# data_shaarli makes a copy with folders of its own, and is installed by its own form.
data_shaarli() {
    base=$to/data/shaarli
    [ -d "$base" ] && return
    mkdir -p "$base"
    for part in /usr/share/shaarli/*; do [ -L "$part" ] || cp -r "$part" "$base/"; done
    mkdir -p "$base"/{data,tmp,cache,pagecache}
    grep -rlE '/var/(lib|cache)/shaarli|/usr/share/shaarli' "$base" --include=*.php |
        xargs sed -i "s#/var/lib/shaarli#$base#g; s#/var/cache/shaarli#$base#g; s#/usr/share/shaarli#$base#g"
    php -S 127.0.0.1:18080 -t "$base" >/dev/null 2>&1 &
    sleep 1
    curl -s -o /dev/null -c "$base/jar" http://127.0.0.1:18080/install
    curl -s -o /dev/null -b "$base/jar" -c "$base/jar" -d 'setlogin=corpus&setpassword=corpus&continent=UTC&city=UTC&title=corpus&language=en' http://127.0.0.1:18080/install
    kill $!
}

data_simplesamlphp() {
    base=$to/data/simplesamlphp
    [ -d "$base" ] && return
    mkdir -p "$base"
    cp -rL /usr/share/simplesamlphp/. "$base/"
    mkdir -p "$base"/{log,tmp}
    sed -i "s|'baseurlpath' => 'simplesamlphp/'|'baseurlpath' => ''|; s|'loggingdir' => .*|'loggingdir' => '$base/log/',|
        s|'tempdir' => .*|'tempdir' => '$base/tmp',|; s|//'secretsalt' => .*|'secretsalt' => 'corpuscorpus',|
        s|//'auth.adminpassword' => .*|'auth.adminpassword' => 'corpus',|; s|'logging.handler' => 'syslog'|'logging.handler' => 'errorlog'|" "$base/config/config.php"
}

data_roundcube() {
    base=$to/data/roundcube
    [ -d "$base" ] && return
    mkdir -p "$base"
    cp -rL /usr/share/roundcube/. "$base/" || true # one of its links leads to a package that is not installed
    mkdir -p "$base"/{config,logs,temp}
    cp /etc/roundcube/{defaults.inc.php,mimetypes.php} "$base/config/"
    printf '<?php\n$config = ["db_dsnw" => "sqlite:///%s/roundcube.db?mode=0640", "imap_host" => ["localhost:143"], "des_key" => "corpuscorpuscorpuscorpus", "plugins" => [], "skin" => "elastic", "log_dir" => "%s/logs/", "temp_dir" => "%s/temp/"];\n' \
        "$base" "$base" "$base" >"$base/config/config.inc.php"
    sed -i "s|/var/lib/roundcube/|$base/|" "$base/program/include/iniset.php"
    php -r '(new PDO("sqlite:" . $argv[1]))->exec(file_get_contents("/usr/share/roundcube/SQL/sqlite.initial.sql"));' "$base/roundcube.db"
}

# data_tdiary makes a diary of three days.
data_tdiary() {
    base=$to/data/tdiary
    [ -d "$base" ] && return
    mkdir -p "$base"
    cp -rL /usr/share/tdiary/. "$base/"
    mkdir -p "$base/data/2026"
    sed "s|^@data_path = .*|@data_path = '$base/data'|" "$base/tdiary.conf.sample-en" >"$base/tdiary.conf"
    echo TDIARY2.01.00 >"$base/data/2026/202611.td2"
    for day in 28 29 30; do
        printf 'Date: 202611%s\nTitle: day %s\nLast-Modified: 1796000000\nVisible: true\nFormat: Wiki\n\n! A section\nSome text.\n\n! Another\nMore text.\n.\n' "$day" "$day"
    done >>"$base/data/2026/202611.td2"
}

# data_registry makes an image of one layer.
data_registry() {
    base=$to/data/registry
    [ -d "$base" ] && return
    printf 'version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s\nhttp:\n  addr: 127.0.0.1:5000\n  secret: corpus\n' "$base" >"$to/data/registry.yml"
    REGISTRY_HTTP_ADDR=127.0.0.1:18081 OTEL_TRACES_EXPORTER=none "$to/bin/registry" serve "$to/data/registry.yml" >/dev/null 2>&1 &
    server=$!
    sleep 2
    printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' >"$to/data/tmp/config"
    head -c 2000 /dev/zero >"$to/data/tmp/layer"
    for blob in config layer; do
        sum=$(sha256sum "$to/data/tmp/$blob" | cut -d' ' -f1)
        at=$(curl -s -i -X POST http://127.0.0.1:18081/v2/corpus/blobs/uploads/ | tr -d '\r' | sed -n 's/^Location: //p')
        curl -s -o /dev/null -X PUT --data-binary "@$to/data/tmp/$blob" -H 'Content-Type: application/octet-stream' "$at&digest=sha256:$sum"
        declare "$blob=$sum"
    done
    kinds=application/vnd.docker
    printf '{"schemaVersion":2,"mediaType":"%s.distribution.manifest.v2+json","config":{"mediaType":"%s.container.image.v1+json","size":%d,"digest":"sha256:%s"},"layers":[{"mediaType":"%s.image.rootfs.diff.tar.gzip","size":2000,"digest":"sha256:%s"}]}' \
        "$kinds" "$kinds" "$(stat -c %s "$to/data/tmp/config")" "$config" "$kinds" "$layer" |
        curl -s -o /dev/null -X PUT --data-binary @- -H "Content-Type: $kinds.distribution.manifest.v2+json" http://127.0.0.1:18081/v2/corpus/manifests/latest
    kill "$server"
}

# data_beets makes a library of three tracks.
data_beets() {
    base=$to/data/beets
    [ -d "$base" ] && return
    mkdir -p "$base/music"
    printf 'directory: %s/music\nlibrary: %s/library.db\nplugins: web\nimport:\n  copy: no\n' "$base" "$base" >"$base/config.yaml"
    (cd "$base/music" && /usr/bin/python3 -c '
import wave
for name in "a.wav", "b.wav", "c.wav":
    with wave.open(name, "wb") as w:
        w.setparams((1, 2, 8000, 0, "NONE", ""))
        w.writeframes(bytes(16000))')
    BEETSDIR=$base /usr/bin/python3 /usr/bin/beet import -A -q "$base/music" >/dev/null
}

# data_bepasty makes a storage of one item, whose name would be made at random otherwise.
data_bepasty() {
    base=$to/data/bepasty
    [ -d "$base" ] && return
    mkdir -p "$base/storage"
    sed "s|^STORAGE_FILESYSTEM_DIRECTORY = .*|STORAGE_FILESYSTEM_DIRECTORY = '$base/storage'|; s|^SECRET_KEY = .*|SECRET_KEY = 'corpuscorpus'|
        s|^DEFAULT_PERMISSIONS = .*|DEFAULT_PERMISSIONS = 'list,create,read'|; s|^SESSION_COOKIE_SECURE = .*|SESSION_COOKIE_SECURE = False|" \
        /usr/share/doc/bepasty/examples/bepasty.conf.example >"$base/bepasty.conf"
    /usr/bin/python3 - "$base/storage" <<'END'
import sys, time
from bepasty import constants as c
from bepasty.storage.filesystem import Storage

text = b"def corpus():\n    return 1\n" * 20
item = Storage(sys.argv[1]).create("CRPCRPCR", len(text))
item.data.write(text, 0)
about = {c.FILENAME: "corpus.py", c.SIZE: len(text), c.TYPE: "text/x-python", c.TYPE_HINT: "", c.HASH: "", c.COMPLETE: True, c.LOCKED: False,
         c.TIMESTAMP_UPLOAD: int(time.time()), c.TIMESTAMP_DOWNLOAD: 0, c.TIMESTAMP_MAX_LIFE: c.FOREVER}
for key, value in about.items():
    item.meta[key] = value
item.close()
END
}

data_bup() {
    export BUP_DIR=$to/data/bup
    [ -d "$BUP_DIR" ] && return
    bup init 2>/dev/null
    bup index "$to/data/site"
    bup save -q -n corpus --strip "$to/data/site"
}

data_pelican() {
    [ -d "$to/data/pelican/output" ] || (cd "$to/data/pelican" && /usr/bin/python3 /usr/bin/pelican content -q -s pelicanconf.py >/dev/null)
}

# data_ticgit makes a repository of three tickets.
data_ticgit() {
    base=$to/data/ticgit
    [ -d "$base" ] && return
    git init -q "$base"
    (
        cd "$base"
        export HOME=$to/data/home # where ti keeps its state
        git config user.name corpus
        git config user.email corpus@example.com
        git commit -q --allow-empty -m first
        ti init </dev/null >/dev/null
        for title in one two three; do ti new -t "$title" >/dev/null; done
    )
}

# data_hoteldruid makes a copy with folders of its own. The first page that is asked for makes its database.
data_hoteldruid() {
    base=$to/data/hoteldruid
    [ -d "$base" ] && return
    cp -rL /usr/share/hoteldruid "$base"
    mkdir -p "$base/dati" "$base/pages"
    sed -i "s|/var/lib/hoteldruid/data|$base/dati|; s|/var/lib/hoteldruid/pages|$base/pages|" "$base/costanti.php"
    php -S 127.0.0.1:18082 -t "$base" >/dev/null 2>&1 &
    sleep 1
    curl -s -o /dev/null http://127.0.0.1:18082/inizio.php
    curl -s -o /dev/null http://127.0.0.1:18082/creadb.php
    kill $!
}

# data_rss-bridge makes a copy with a cache of its own, and three bridges on its page.
data_rss-bridge() {
    base=$to/data/rss-bridge
    [ -d "$base" ] && return
    cp -rL /usr/share/rss-bridge "$base" || true # one of its links leads nowhere
    printf '%s\n' GithubIssue Reddit Wikipedia >"$base/whitelist.txt"
}

data_phpldapadmin() {
    [ -d "$to/data/phpldapadmin" ] || cp -rL /usr/share/phpldapadmin "$to/data/"
}

# data_pprof makes a profile of the standard library's own benchmarks.
data_pprof() {
    base=$to/data/pprof
    [ -d "$base" ] && return
    mkdir -p "$base"
    (cd "$base" && go test -run none -bench 'Sort.*1K$' -benchtime 50ms -cpuprofile cpu.pb.gz sort >/dev/null && rm sort.test)
}

# data_beancount makes two years of an example's books.
data_beancount() {
    base=$to/data/beancount
    [ -d "$base" ] && return
    mkdir -p "$base"
    /usr/bin/python3 /usr/bin/bean-example --seed 1 --date-begin 2024-01-01 --date-end 2025-12-20 -o "$base/corpus.beancount" 2>/dev/null
}

data_ara() {
    [ -d "$to/data/ara" ] && return
    mkdir -p "$to/data/ara"
    ARA_BASE_DIR=$to/data/ara /usr/bin/python3 /usr/bin/ara-manage migrate -v 0 >/dev/null 2>&1
}

# data_bzr makes a branch of two revisions, for loggerhead.
data_bzr() {
    base=$to/data/bzr
    [ -d "$base" ] && return
    mkdir -p "$base"
    (
        export HOME=$to/data/home BRZ_EMAIL="corpus <corpus@example.com>"
        brz() { /usr/bin/python3 -m breezy "$@"; }
        brz init -q "$base/corpus"
        cd "$base/corpus"
        cp "$to"/data/site/* .
        brz add -q
        brz commit -q -m first
        echo '<p>More.' >>index.html
        brz commit -q -m second
    )
}

data_allure() {
    [ -d "$to/data/allure" ] || "$to/node/allure-commandline/node_modules/allure-commandline/dist/bin/allure" generate -o "$to/data/allure" "$to/data/allure-results" >/dev/null
}

# data_pmtiles makes an archive of the first three zoom levels, whose tiles hold nothing to draw.
data_pmtiles() {
    base=$to/data/pmtiles
    [ -d "$base" ] && return
    mkdir -p "$base"
    (
        cd "$base"
        /usr/bin/python3 -c '
import gzip, sqlite3
db = sqlite3.connect("corpus.mbtiles")
db.executescript("create table metadata (name text, value text); create table tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob)")
db.executemany("insert into metadata values (?, ?)", [("name", "corpus"), ("format", "pbf"), ("minzoom", "0"), ("maxzoom", "2"), ("bounds", "-180,-85,180,85"), ("json", "{\"vector_layers\": []}")])
for z in range(3):
    for i in range(4**z):
        db.execute("insert into tiles values (?, ?, ?, ?)", (z, i % 2**z, i // 2**z, gzip.compress(bytes([z, i]) * 300, mtime=0)))
db.commit()'
        "$to/bin/go-pmtiles" convert corpus.mbtiles corpus.pmtiles >/dev/null 2>&1
        rm corpus.mbtiles
    )
}

# data_trace makes a trace of the standard library's own benchmarks.
data_trace() {
    base=$to/data/gotrace
    [ -d "$base" ] && return
    mkdir -p "$base"
    (cd "$base" && go test -run none -bench 'Sort.*1K$' -benchtime 20ms -trace trace.out sort >/dev/null && rm -f sort.test)
}

data_lam() {
    [ -d "$to/data/lam" ] || cp -rL /usr/share/ldap-account-manager "$to/data/lam"
}

# data_postfixadmin makes a copy with a database of its own, without Debian's settings of another.
data_postfixadmin() {
    base=$to/data/postfixadmin
    [ -d "$base" ] && return
    cp -rL /usr/share/postfixadmin "$base" || true # one of its links leads to a file that is not made
    mkdir -p "$base/templates_c"
    sed -i '/dbconfig.inc.php/d' "$base/config.inc.php"
    printf '<?php\n$CONF["configured"] = true;\n$CONF["database_type"] = "sqlite";\n$CONF["database_name"] = __DIR__ . "/postfixadmin.db";\n$CONF["default_language"] = "en";\n' >"$base/config.local.php"
    touch "$base/postfixadmin.db"
    (cd "$base/public" && php upgrade.php >/dev/null 2>&1)
}

# data_grack makes a bare repository of one commit.
data_grack() {
    base=$to/data/grack/corpus.git
    [ -d "$base" ] && return
    git init -q --bare "$base"
    tree=$(git -C "$base" mktree </dev/null)
    commit=$(git -C "$base" -c user.name=corpus -c user.email=corpus@example.com commit-tree -m first "$tree")
    git -C "$base" update-ref HEAD "$commit"
    git -C "$base" gc -q
    git -C "$base" update-server-info
}

# data_blog makes the blog of Rails' Getting Started, with those gems alone that Debian has.
data_blog() {
    base=$to/data/blog
    [ -d "$base" ] && return
    (
        export RAILS_ENV=production SECRET_KEY_BASE=corpus
        cd "$to/data"
        rails new blog --minimal --skip-bundle --skip-git --skip-test -d sqlite3
        cd blog
        printf 'gem "rails"\ngem "sqlite3"\ngem "puma"\n' >Gemfile
        bin/rails generate scaffold Article title body:text --no-stylesheets
        bin/rails db:migrate assets:precompile
        bin/rails runner '3.times { |i| Article.create!(title: i.to_s, body: "text") }'
    ) >/dev/null
}

# data_victoria-logs takes in two hundred lines of logs.
data_victoria-logs() {
    base=$to/data/victoria-logs
    [ -d "$base" ] && return
    "$to/bin/victoria-logs" -httpListenAddr=127.0.0.1:18083 -storageDataPath="$base" -retentionPeriod=100y >/dev/null 2>&1 &
    server=$!
    sleep 2
    for i in {1..200}; do
        printf '{"_msg": "the door of room %d is open", "_time": "2026-11-%02dT10:00:00Z", "host": "host%d", "level": "info"}\n' "$i" $((i % 28 + 1)) $((i % 5))
    done | curl -s -H 'Content-Type: application/stream+json' --data-binary @- 'http://127.0.0.1:18083/insert/jsonline?_stream_fields=host'
    kill "$server"
    wait "$server" || true # what it took in is on disk when it has ended
}

# data_mailpit makes a mailbox of three messages.
data_mailpit() {
    base=$to/data/mailpit
    [ -d "$base" ] && return
    mkdir -p "$base"
    "$to/bin/mailpit" --listen 127.0.0.1:18084 --smtp 127.0.0.1:18085 --disable-version-check --database "$base/mailpit.db" >/dev/null 2>&1 &
    server=$!
    sleep 2
    "$to/bin/mailpit" ingest -S 127.0.0.1:18085 "$to/data/maildev" >/dev/null
    kill "$server"
    wait "$server" || true
}

# data_hgpages makes a repository of nine revisions of many files, for hgweb's pages.
data_hgpages() {
    base=$to/data/hgpages
    [ -d "$base" ] && return
    mkdir -p "$base"/{src,doc}
    (
        cd "$base"
        hg init .
        for i in {1..8}; do
            cp ../site/*.html doc/
            cp "$here"/plant/*.py src/
            seq "$((5 * i))" >src/text.txt
            echo "<p>$i" >>doc/index.html
            hg add -q
            hg commit -q -m "revision $i" -u corpus -d "$((1790000000 + i)) 0"
        done
        hg tag -q -u corpus -d "1790000010 0" v1
        hg bookmark here
    )
}

# data_drf makes the database of Django REST framework's tutorial, of 15 snippets.
data_drf() {
    base=$to/data/drf
    [ -f "$base/corpus.sqlite3" ] && return
    (
        cd "$base"
        /usr/bin/python3 manage.py makemigrations -v 0 snippets
        /usr/bin/python3 manage.py migrate -v 0
        /usr/bin/python3 manage.py shell -c '
from django.contrib.auth.models import User
from snippets.models import Snippet
user = User.objects.create(username="corpus")
for i in range(15):
    Snippet.objects.create(title=str(i), code=f"def f():\n    return {i}\n", owner=user)'
    )
}

# data_zim makes a notebook of Zim's own manual.
data_zim() {
    [ -d "$to/data/zim" ] || cp -r /usr/share/zim/manual "$to/data/zim"
}

# data_railsapi makes an application of three tables that answers JSON, with those gems alone that Debian has.
data_railsapi() {
    base=$to/data/railsapi
    [ -d "$base" ] && return
    (
        export RAILS_ENV=production SECRET_KEY_BASE=corpus
        cd "$to/data"
        rails new railsapi --api --minimal --skip-bundle --skip-git --skip-test -d sqlite3
        cd railsapi
        printf 'gem "rails"\ngem "sqlite3"\ngem "puma"\n' >Gemfile
        bin/rails generate scaffold Author name
        bin/rails generate scaffold Book title year:integer author:references
        bin/rails generate scaffold Review stars:integer text:text book:references
        bin/rails db:migrate
        bin/rails runner '3.times { |i|
            book = Book.create!(title: i.to_s, year: 2000 + i, author: Author.create!(name: i.to_s))
            Review.create!(stars: i, text: "text", book: book) }'
    ) >/dev/null
}

# data_yardlogger makes the pages of a library of Ruby's own.
data_yardlogger() {
    base=$to/data/yardlogger
    [ -d "$base" ] && return
    mkdir -p "$base"
    (
        cd "$base"
        cp -rL /usr/lib/ruby/3.1.0/logger* .
        printf '= corpus\n\nA logger.\n' >README.rdoc
        yard doc -q -n logger.rb 'logger/*.rb' - README.rdoc
    )
}
