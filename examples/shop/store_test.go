package main

import (
	"crypto/rand"
	"database/sql"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/sessiongen/sessiongen/internal/testserver"
)

// engines return what -store is given for an empty place in each engine, which
// goes with the test.
var engines = map[string]func(*testing.T) string{
	"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "100% a?b.db") },
	"redis":    redisAddress,
	"postgres": postgresAddress,
	"mysql":    mysqlAddress,
}

const testPassword = "p@ss/w:rd?" // has to be escaped in a URL

// redisAddress returns that of a private server, which asks for a password.
func redisAddress(t *testing.T) string {
	addr := testserver.StartRedis(t).Addr
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	if err := client.Do(t.Context(), "ACL", "SETUSER", "shop", "on", ">"+testPassword, "~*", "+@all").Err(); err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "redis", User: url.UserPassword("shop", testPassword), Host: addr, Path: "/0"}).String()
}

// postgresAddress returns that of a database of the test's own.
func postgresAddress(t *testing.T) string {
	server := testserver.Postgres(t)
	config, err := pgx.ParseConfig(server)
	if err != nil {
		t.Fatal(err)
	}
	host := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	return (&url.URL{Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Host: host, Path: "/" + ownDatabase(t, "pgx", server)}).String()
}

// mysqlAddress returns that of a database of the test's own.
func mysqlAddress(t *testing.T) string {
	server := testserver.MariaDB(t)
	config, err := mysql.ParseDSN(server)
	if err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "mysql", User: url.UserPassword(config.User, config.Passwd), Host: config.Addr, Path: "/" + ownDatabase(t, "mysql", server), RawQuery: "timeout=5s"}).String()
}

// ownDatabase makes a database, which goes with the test.
func ownDatabase(t *testing.T, driver, server string) (name string) {
	t.Helper()
	db, err := sql.Open(driver, server)
	if err != nil {
		t.Fatal(err)
	}
	name = "shop_" + strings.ToLower(rand.Text())
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer db.Close()
		if _, err := db.Exec("DROP DATABASE " + name); err != nil {
			t.Error(err) // also if the shop left a connection open, on PostgreSQL
		}
	})
	return name
}

// TestEngines uses the shop on every engine, and goes on after a restart.
func TestEngines(t *testing.T) {
	t.Parallel()
	for engine, address := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			choice := address(t)
			var home, away *visitor
			t.Run("first", func(t *testing.T) { // its shop ends with it
				w := newWorld(t, choice)
				home, away = w.user(t, "Ada"), w.user(t, "Ada")
				away.get("/").has("This shop keeps its sessions in store “" + engine + "”.").hasNot(choice)
				third, stranger := w.user(t, "Ada"), w.user(t, "Bob")
				home.post("/cart/add", "sku", "jam-heart")
				home.post("/sessions/end", "id", idOf(third.get("/sessions"), true)).has("is logged out.")
				third.get("/sessions").is(200, "/login?back=/sessions")
				stranger.get("/sessions").is(200, "/sessions")
			})
			t.Run("second", func(t *testing.T) {
				w := newWorld(t, choice)
				for _, v := range []*visitor{home, away} {
					v.t, v.base = t, w.url
				}
				home.get("/sessions").is(200, "/sessions").has("Where Ada is logged in.")
				if got := home.inCart(); got != "1" {
					t.Errorf("%s in the cart after a restart", got)
				}
				home.post("/sessions/end-others").has("You are logged in here alone.")
				away.get("/sessions").is(200, "/login?back=/sessions")
			})
		})
	}
}

// TestEngineErrors checks that a wrong password is told as that, and not shown.
func TestEngineErrors(t *testing.T) {
	t.Parallel()
	for engine, want := range map[string]string{
		"redis":    "WRONGPASS",
		"postgres": "nobody-of-the-shop",
		"mysql":    "nobody-of-the-shop",
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(engines[engine](t))
			if err != nil {
				t.Fatal(err)
			}
			u.User = url.UserPassword("nobody-of-the-shop", "a-secret")
			err = run(t.Context(), "127.0.0.1:0", u.String())
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), u.Host) || strings.Contains(err.Error(), "a-secret") {
				t.Errorf("with a wrong user: %v", err)
			}
		})
	}
}

// TestWrongChoices checks the errors of -store that need no server.
func TestWrongChoices(t *testing.T) {
	t.Parallel()
	nobody := testserver.FreeAddr(t)
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("This is not a database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	const sqliteWay = "the file must be one of SQLite or not exist yet, and it and its directory must be writable"
	for choice, want := range map[string][]string{
		"":               {"there is no such store; use one of memory, cookie, sqlite:FILE"},
		"memory:x":       {"-store memory: there is no such store"},
		"oracle://x:y@z": {"-store oracle: there is no such store", mysqlForm},

		"sqlite":           {"names no file", "sqlite:shop.db"},
		"sqlite:":          {"names no file"},
		"sqlite://shop.db": {"a file has no host", "write sqlite:shop.db"},
		"sqlite::memory:":  {"-store memory"},
		"sqlite:" + filepath.Join(dir, "none", "shop.db"): {filepath.Join(dir, "none"), sqliteWay},
		"sqlite:" + dir:  {dir, sqliteWay},
		"sqlite:" + text: {"text.db", sqliteWay},

		"redis":                       {"the URL names no host", redisForm},
		"redis://":                    {"the URL names no host", redisForm},
		"redis://u:secret@x:y":        {"-store redis", "not a URL", redisForm},
		"redis://u:secret@x/nonsense": {"-store redis://u@x/nonsense", "database number", redisForm},
		"redis://u:secret@" + nobody:  {"-store redis://u@" + nobody, nobody, redisForm},
		"rediss://u:secret@" + nobody: {nobody, redisForm},

		"postgres:shop":                                        {"the URL names no host", postgresForm},
		"postgres://u:sec%ret@h/d":                             {"not a URL", "%XX"},
		"postgres://u:secret@h/d?sslmode=x":                    {"-store postgres://u@h/d", "settings", postgresForm},
		"postgres://u:secret@" + nobody + "/d?sslmode=disable": {"postgres://u@" + nobody + "/d", "connecting", postgresForm},

		"mysql://u:secret@h":                 {"-store mysql://u@h", "names no database", mysqlForm},
		"mysql://u:secret@tcp(h:3306)/d":     {"-store mysql", "not a URL", mysqlForm},
		"mysql://u:secret@h/d?timeout=x":     {"-store mysql://u@h/d", "duration", mysqlForm},
		"mysql://u:secret@" + nobody + "/d":  {"mysql://u@" + nobody + "/d", "connecting", mysqlForm},
		"mysql://u:secret@" + nobody + "/d/": {nobody, mysqlForm},
	} {
		t.Run(strings.NewReplacer(dir, "", "/", "_", nobody, "nobody").Replace(choice), func(t *testing.T) {
			t.Parallel()
			err := run(t.Context(), "127.0.0.1:0", choice)
			if err == nil {
				t.Fatalf("%s is taken", choice)
			}
			for _, piece := range want {
				if !strings.Contains(err.Error(), piece) {
					t.Errorf("the error does not say %q: %v", piece, err)
				}
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "sec%ret") {
				t.Errorf("the error has the password: %v", err)
			}
		})
	}
}

// TestSQLiteSettings checks that the file is a write-ahead log's, by name.
func TestSQLiteSettings(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a?b#c%20.db")
	store, err := openStore("sqlite:" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer store.close()
	for _, name := range []string{file, file + "-wal"} {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}

// TestRedisTLS checks that rediss:// speaks TLS: the first byte of a handshake is 22.
func TestRedisTLS(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	first := make(chan byte, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		b := make([]byte, 1)
		conn.Read(b)
		first <- b[0]
		conn.Close()
		l.Close()
	}()
	if err := run(t.Context(), "127.0.0.1:0", "rediss://"+l.Addr().String()); err == nil {
		t.Error("a server that hangs up is taken")
	}
	if got := <-first; got != 22 {
		t.Errorf("the first byte is %d", got)
	}
}
