package generator

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	// What the outputs in the modules import: so go.mod has its requirements.
	_ "github.com/sessiongen/sessiongen/runtime"
)

// Every cell is filled, from runs that did what they are measured for.
func TestMeasure(t *testing.T) {
	t.Parallel()
	tables, err := measure(t.Context(), size{rounds: 1, shops: 2, city: 5, few: 2, many: 20})
	if err != nil {
		t.Fatal(err)
	}
	rows := []int{6, 2, 5}
	if len(tables) != len(rows) {
		t.Fatalf("%d tables", len(tables))
	}
	time := regexp.MustCompile(`^[1-9]\d*\.\d ms$|^0\.[1-9] ms$`)
	for i, table := range tables {
		if len(table.Rows) != rows[i] {
			t.Errorf("%s: %d rows", table.Title, len(table.Rows))
		}
		for _, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Errorf("%s: %d cells for %d columns", row[0], len(row), len(table.Columns))
			}
			if !time.MatchString(row[1]) {
				t.Errorf("%s: took %q", row[0], row[1])
			}
		}
	}
	notes := strings.Join(tables[0].Notes, "\n")
	if !strings.Contains(notes, "touched a file: 0 of 4 ") {
		t.Errorf("notes: %s", notes)
	}
}

// The modules are what their names say: every tool finds its work in them.
func TestModules(t *testing.T) {
	t.Parallel()
	w, err := newWorkshop(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var r runs
	if err := r.prepare(t.Context(), w, size{shops: 3, city: 6, few: 4, many: 20}); err != nil {
		t.Fatal(err)
	}
	for _, c := range r.all() {
		if err := c.round(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	count := func(dir, pattern string) (n int) {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if ok, _ := filepath.Match(pattern, filepath.Base(path)); ok {
				n++
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return n
	}
	for _, c := range []struct {
		of            *contest
		outputs, dirs int
	}{
		{&r.one, 1, 1}, {&r.tool, 1, 1}, {&r.first, 1, 1}, {&r.edited, 1, 1}, {&r.shops, 3, 3}, {&r.city, 1, 6}, {&r.few, 1, 1}, {&r.wide, 1, 1},
	} {
		dir := c.of.list.dir
		if n := count(dir, "session_gen.go"); n != c.outputs {
			t.Errorf("%s: %d outputs, want %d", c.of.name, n, c.outputs)
		}
		listed, err := goCommand(t.Context(), dir, "list", "./...")
		if err != nil {
			t.Error(err)
		}
		if n := len(strings.Fields(listed)); n != c.dirs {
			t.Errorf("%s: %d packages, want %d", c.of.name, n, c.dirs)
		}
		if _, err := goCommand(t.Context(), dir, "build", "./..."); err != nil {
			t.Error(err)
		}
	}
	for path, text := range map[string]string{
		w.tool("stringer.out"):                                       "func (i Kind) String() string",
		filepath.Join(r.edited.list.dir, "session_gen.go"):           "SetEdit1(",
		w.tool("moq.out"):                                            "type MailerMock struct",
		filepath.Join(r.peers.list.dir, "generated", "generated.go"): "ConverterImpl",
		filepath.Join(r.wide.list.dir, "session_gen.go"):             "Field19",
		filepath.Join(r.shops.list.dir, "shop02", "session_gen.go"):  "package shop02",
		filepath.Join(r.city.list.dir, "p005", "depth.go"):           `"bench.example/city/p002"`,
	} {
		content, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(content), text) {
			t.Errorf("%s: %v, no %s", path, err, text)
		}
	}
	if err := w.close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(w.root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left: %v", w.root, err)
	}
}

// A run that touches a file is seen, whatever it writes.
func TestSnapshot(t *testing.T) {
	for name, change := range map[string]func(dir string) error{
		"nothing":  func(string) error { return nil },
		"written":  func(dir string) error { return os.WriteFile(filepath.Join(dir, "a", "f"), []byte("x"), 0o644) },
		"touched":  func(dir string) error { return os.Chtimes(filepath.Join(dir, "a", "f"), time.Time{}, time.Now()) },
		"removed":  func(dir string) error { return os.Remove(filepath.Join(dir, "a", "f")) },
		"new":      func(dir string) error { return os.WriteFile(filepath.Join(dir, "a", "g"), nil, 0o644) },
		"replaced": func(dir string) error { return replaceFile(filepath.Join(dir, "a", "f")) },
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "a", "f")
		if err := write(file, "x"); err != nil {
			t.Fatal(err)
		}
		past := time.Now().Add(-time.Hour)
		if err := errors.Join(os.Chtimes(file, past, past), os.Chtimes(filepath.Dir(file), past, past)); err != nil {
			t.Fatal(err)
		}
		before, err := snapshot(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		after, err := snapshot(dir)
		if err != nil {
			t.Fatal(err)
		}
		if before.same(after) != (name == "nothing") {
			t.Errorf("%s: the same is %v", name, before.same(after))
		}
	}
}

// replaceFile puts another file of the same content, time and name in its place.
func replaceFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	parent, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(path+".new", []byte("x"), 0o644),
		os.Chtimes(path+".new", info.ModTime(), info.ModTime()),
		os.Rename(path+".new", path),
		os.Chtimes(filepath.Dir(path), parent.ModTime(), parent.ModTime()),
	)
}

// A program that fails is an error with what it said, not a fast run.
func TestFailure(t *testing.T) {
	_, err := program{t.TempDir(), []string{"go", "list", "./nowhere"}}.start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "nowhere") || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("%v", err)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		list []int64
		want int64
	}{{nil, 0}, {[]int64{3}, 3}, {[]int64{5, 1, 3}, 3}, {[]int64{4, 1, 3, 2}, 2}} {
		if got := median(c.list); got != c.want {
			t.Errorf("%v: %d", c.list, got)
		}
	}
}

func TestOwn(t *testing.T) {
	list := []sample{
		{said: []byte("unchanged session_gen.go\nloading took 80ms, generating 4.5ms\n")},
		{said: []byte("loading took 1.2s, generating 900µs\n")},
		{said: []byte("loading took 80ms, generating 2ms\n")},
	}
	if got, err := own(list); err != nil || got != 2*time.Millisecond {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := own([]sample{{said: []byte("unchanged\n")}}); err == nil {
		t.Error("no time is no error")
	}
}
