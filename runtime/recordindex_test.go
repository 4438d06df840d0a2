package runtime_test

import (
	"context"
	"slices"
	"testing"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// A store that has nothing but a record's bytes knows the same entries as the
// manager that wrote it.
func TestRecordIndex(t *testing.T) {
	memory := newMemory(t)
	spy := &indexSpy{spyStore: spyStore{Store: memory}}
	a := newApp(t, spy)
	for name, fill := range map[string]func(*shop.Session){
		"none": func(s *shop.Session) { s.SetVisits(1) },
		"one":  func(s *shop.Session) { s.SetUserID("u1") },
		"both": func(s *shop.Session) { s.SetUserID("u1"); s.SetTeam("t1"); s.SetStyle("old") },
	} {
		_, err := a.sessions.Create(ctx(), func(s *shop.Session) error { fill(s); return nil })
		must(t, err)
		if got := sess.RecordIndex(spy.last.Data); !slices.Equal(got, spy.last.Index) || got == nil {
			t.Errorf("%s: %v from the bytes, %v from the manager", name, got, spy.last.Index)
		}
	}
	for _, data := range [][]byte{nil, []byte("x"), make([]byte, 32), make([]byte, 40), append([]byte{1}, make([]byte, 40)...)} {
		if got := sess.RecordIndex(data); got == nil || len(got) > 0 {
			t.Errorf("RecordIndex(%q) = %v", data, got)
		}
	}
}

// indexSpy keeps the last record that was created.
type indexSpy struct {
	spyStore
	last sess.Record
}

func (s *indexSpy) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.spyStore.Bind(setup)
	parts.Records = s
	return parts, err
}

func (s *indexSpy) Create(ctx context.Context, key string, rec sess.Record) error {
	s.last = rec
	return s.spyStore.Create(ctx, key, rec)
}
