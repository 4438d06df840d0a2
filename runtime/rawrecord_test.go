package runtime_test

import (
	"errors"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// A record that a program appends itself is one that a manager loads, and one
// that a manager stored reads without it.
func TestRecordsWithoutManager(t *testing.T) {
	a := newTestApp(t)
	var s shop.Session
	s.SetVisits(3)
	s.SetUserID("u1")
	s.SetStyle("bold")
	s.PutExtra("other", "thing")
	s.SetCart([]shop.Item{{SKU: "a", Qty: 1}})
	at := newClock().Now()
	meta := sess.Meta{Stamp: 7, Created: at.UnixMilli(), Expires: at.Add(time.Hour).UnixMilli(), Deadline: at.Add(2 * time.Hour).UnixMilli(), Idle: time.Hour.Milliseconds()}
	data, err := sess.AppendRecord([]byte("kept"), &meta, s.SessionFields())
	if err != nil || string(data[:4]) != "kept" {
		t.Fatalf("%q, %v", data, err)
	}
	data = data[4:]
	const id = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	if err := a.memory.Create(ctx(), id, sess.Record{Data: data, Stamp: 7, Expires: at.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	loaded, err := a.sessions.Load(ctx(), id)
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Visits() != 3 || loaded.UserID() != "u1" || loaded.Extra()["other"] != "thing" || loaded.Cart()[0].SKU != "a" || !loaded.CreatedAt().Equal(at) {
		t.Errorf("loaded %v", loaded)
	}

	var read shop.Session
	var got sess.Meta
	if err := sess.ReadRecord(data, &got, read.SessionFields(), at); err != nil || got != meta {
		t.Errorf("%+v, %v; want %+v", got, err, meta)
	}
	if read.Visits() != 3 || read.Style() != "bold" || read.Extra()["other"] != "thing" {
		t.Errorf("read %v", &read)
	}
}

// What lapses is there before its time and absent after it.
func TestReadRecordLapsed(t *testing.T) {
	var s shop.Session
	s.SetStepUp(true) // for 15 minutes
	s.SetVisits(1)
	data, err := sess.AppendRecord(nil, &sess.Meta{Created: 1}, s.SessionFields())
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]bool{time.Minute: true, time.Hour: false} {
		var read shop.Session
		if err := sess.ReadRecord(data, new(sess.Meta), read.SessionFields(), time.Now().Add(after)); err != nil || read.HasStepUp() != want || read.Visits() != 1 {
			t.Errorf("after %v: %v, %v", after, &read, err)
		}
	}
}

func TestRecordsWithoutManagerErrors(t *testing.T) {
	var s shop.Session
	s.SetCode("a b") // its MarshalText refuses a space
	if data, err := sess.AppendRecord(nil, new(sess.Meta), s.SessionFields()); err == nil {
		t.Errorf("%q", data)
	}
	newer := make([]byte, 40)
	newer[0] = 200
	for want, data := range map[error][]byte{sess.ErrCorrupt: {1, 2, 3}, sess.ErrNewerFormat: newer} {
		if err := sess.ReadRecord(data, new(sess.Meta), new(shop.Session).SessionFields(), time.Now()); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
}
