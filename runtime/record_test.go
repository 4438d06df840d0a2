package runtime_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

var update = flag.Bool("update", false, "rewrite the vectors in testdata")

// vector is a stored record that readers in other languages can check
// themselves against.
type vector struct {
	Name     string          `json:"name"`
	About    string          `json:"about,omitempty"`
	Record   string          `json:"record"` // hex; the stamp (bytes 1 to 8) is 0
	Created  time.Time       `json:"created"`
	Expires  *time.Time      `json:"expires,omitempty"`
	Deadline *time.Time      `json:"deadline,omitempty"`
	Fields   json.RawMessage `json:"fields"`
}

var vectorCases = []struct {
	name, about string
	config      func(*sess.Config)
	fill        func(*shop.Session)
}{
	{"one number", "the default timeouts", nil, func(s *shop.Session) { s.SetVisits(1) }},
	{"every kind", "integers of several widths, strings, lists, a table, maps, a timestamp, a pointer to a struct", nil, func(s *shop.Session) {
		s.SetVisits(-300)
		s.SetCart([]shop.Item{{SKU: "sku-1", Qty: 2, Cents: 1999}, {SKU: "sku-2", Qty: 1, Cents: -5}})
		s.SetRoles([]string{"admin", "buyer"})
		s.SetQty(map[string]int{"b": 2, "a": 1})
		s.SetLabels(map[string]string{})
		s.SetLimit(1 << 40)
		s.SetLoginAt(time.Date(2026, 2, 3, 4, 5, 6, 789, time.UTC))
		s.SetAddress(&shop.Address{Street: "High Street", City: "Oxford"})
	}},
	{"nil and empty", "a nil slice is nil, an empty table an empty array", nil, func(s *shop.Session) {
		s.SetCart([]shop.Item{})
		s.SetRoles(nil)
	}},
	{"notes", "a field that lapses, two index fields", nil, func(s *shop.Session) {
		s.SetTeam("blue")
		s.SetStepUp(true)
		s.SetUserID("u1")
	}},
	{"renamed and rest", "style is written under its older name too; entries of the rest field stand beside the others", nil, func(s *shop.Session) {
		s.SetStyle("bold")
		s.PutExtra("other", "thing")
	}},
	{"never ends", "no idle timeout, no deadline", func(c *sess.Config) { c.IdleTimeout, c.AbsoluteTimeout = sess.Never, sess.Never },
		func(s *shop.Session) { s.SetVisits(1) }},
	{"max age", "the idle timeout was chosen by SetMaxAge", nil, func(s *shop.Session) { s.SetVisits(1); s.SetMaxAge(90 * 24 * time.Hour) }},
}

// TestRecordVectors checks that the records written today are those of the
// committed vectors, and that the vectors are read as they say.
func TestRecordVectors(t *testing.T) {
	const file = "testdata/records.json"
	var written []vector
	for _, c := range vectorCases {
		memory := newMemory(t)
		a := newApp(t, memory, func(cfg *sess.Config) {
			if c.config != nil {
				c.config(cfg)
			}
		})
		s, err := a.sessions.Create(ctx(), func(s *shop.Session) error { c.fill(s); return nil })
		if err != nil {
			t.Fatal(err)
		}
		rec, err := memory.Load(ctx(), s.ID())
		if err != nil {
			t.Fatal(err)
		}
		if got := sess.RecordStamp(rec.Data); got != rec.Stamp || got == 0 {
			t.Errorf("%s: stamp %x in the record, %x beside it", c.name, got, rec.Stamp)
		}
		data := bytes.Clone(rec.Data)
		clear(data[1:9])
		fields, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		v := vector{Name: c.name, About: c.about, Record: hex.EncodeToString(data), Created: s.CreatedAt(), Fields: fields}
		if at := s.ExpiresAt(); !at.IsZero() {
			v.Expires = &at
		}
		if d := uint48(data[21:]); d != 0 {
			at := time.UnixMilli(d).UTC()
			v.Deadline = &at
		}
		written = append(written, v)
	}
	text, err := json.MarshalIndent(written, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, want) {
		t.Errorf("records differ from %s; old records would not be read the same. Now written:\n%s", file, text)
	}
	var vectors []vector
	if err := json.Unmarshal(want, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		data, err := hex.DecodeString(v.Record)
		if err != nil {
			t.Fatal(err)
		}
		s, err := loadRecord(t, data)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, v.Fields); err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(s); err != nil || string(got) != compact.String() {
			t.Errorf("%s reads as %s, %v; want %s", v.Name, got, err, v.Fields)
		}
		if !s.CreatedAt().Equal(v.Created) {
			t.Errorf("%s: created %v", v.Name, s.CreatedAt())
		}
	}
}

func uint48(b []byte) (v int64) {
	for _, c := range b[:6] {
		v = v<<8 | int64(c)
	}
	return v
}

// loadRecord loads data as it stands in a store.
func loadRecord(t testing.TB, data []byte) (*shop.Session, error) {
	a := newTestApp(t)
	id := strings.Repeat("A", 43)
	if err := a.memory.Create(ctx(), id, sess.Record{Data: data, Stamp: 1}); err != nil {
		t.Fatal(err)
	}
	return a.sessions.Load(ctx(), id)
}

// readRecordVectors returns the committed records.
func readRecordVectors(t testing.TB) (records [][]byte) {
	text, err := os.ReadFile("testdata/records.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		data, err := hex.DecodeString(v.Record)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, data)
	}
	return records
}

// FuzzRecord feeds the record reader with anything: it must not panic, nor
// allocate out of proportion, and what it reads must survive being written.
func FuzzRecord(f *testing.F) {
	for _, data := range readRecordVectors(f) {
		f.Add(data)
	}
	f.Add([]byte{})
	f.Add([]byte{1})
	f.Add(append(make([]byte, 32), 0xdf, 0xff, 0xff, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, data []byte) {
		a := newTestApp(t)
		id := strings.Repeat("A", 43)
		must(t, a.memory.Create(ctx(), id, sess.Record{Data: data, Stamp: 1}))
		before := allocated()
		s, err := a.sessions.Load(ctx(), id)
		if n := allocated() - before; n > 64<<10+128*uint64(len(data)) { // other goroutines allocate too
			t.Errorf("%d bytes of record made %d bytes of memory", len(data), n)
		}
		if err != nil {
			return
		}
		s.SetVisits(1)
		if err := s.Save(ctx()); err != nil {
			if strings.Contains(err.Error(), "too large") {
				return
			}
			t.Fatalf("a session that loads does not save: %v", err)
		}
		want := sprintf("%v", s)
		if err := s.Reload(ctx()); err != nil {
			t.Fatal(err)
		}
		if got := sprintf("%v", s); got != want {
			t.Errorf("written %s\nread    %s", want, got)
		}
	})
}

// TestHostileRecords loads records that claim more than they hold: each is
// corrupt, or a session that can be used and saved.
func TestHostileRecords(t *testing.T) {
	spy := &spyStore{Store: newMemory(t)}
	app := newApp(t, spy)
	s, err := app.sessions.Create(ctx(), func(s *shop.Session) error { s.SetUserID("u"); return nil })
	must(t, err)
	rec, err := spy.records.Load(ctx(), s.ID())
	must(t, err)
	for _, body := range []string{
		"\x81\xa1z" + strings.Repeat("\x91", 60000) + "\x01",
		"\x81\xa1z" + strings.Repeat("\x81\xa1a", 20000) + "\x01",
		"\x81\xa4cart" + strings.Repeat("\x91", 60000) + "\x01",
		"\x81\xa4cart\xdd\xff\xff\xff\xff",
		"\xdf\xff\xff\xff\xff",
		"\x80\x81\xa1t\x81\xa1x\xd3\x80\x00\x00\x00\x00\x00\x00\x00",
		"\x80\x81\xa1i\x91\xc0",
		"\x81\xa5extra\x81\xa1a\xa1b",
		"\x82\xa4cart\x92\x91\xa3sku\x91\xa1a\xa4cart\xc0",
		"\xc0", "",
		"\x81\xa4cart\x91\x90", "\x81\xa4cart\x92\x90\x90", "\x81\xa7address\x92\x90\x90", "\x81\xa3qty\x81\xc0\x01",
		"\x81\xa8login_at\xc7\x0c\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff",
	} {
		next := rec
		next.Data = append(bytes.Clone(rec.Data[:32]), body...)
		next.Stamp++
		next.Index = nil
		must(t, spy.records.Update(ctx(), s.ID(), rec, next))
		rec = next
		l, err := app.sessions.Load(ctx(), s.ID())
		if err == nil {
			_ = sprintf("%v", l)
			l.Cart()
			l.AddVisits(1)
			err = l.Save(ctx())
			rec, _ = spy.records.Load(ctx(), s.ID())
		}
		if err != nil && !errors.Is(err, sess.ErrCorrupt) && !(body == "" && errors.Is(err, sess.ErrNotFound)) {
			t.Errorf("%.20q: %v", body, err)
		}
	}
}

// Times are written as the library writes them, at the edges of every width too.
func TestTimesAsTheLibrary(t *testing.T) {
	for _, sec := range []int64{-1 << 40, -1, 0, 1, 1<<32 - 1, 1 << 32, 1<<34 - 1, 1 << 34, 1 << 40} {
		for _, nanos := range []int64{0, 1, 999_999_999} {
			at := time.Unix(sec, nanos).UTC()
			if got, want := sess.AppendTime(nil, at), msgp.AppendTimeExt(nil, at); !bytes.Equal(got, want) {
				t.Errorf("%v is written as %x, by the library as %x", at, got, want)
			}
		}
	}
}
