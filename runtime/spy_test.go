package runtime_test

import (
	"context"
	"fmt"
	"iter"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
)

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// spyStore notes the calls of a store and can make them fail.
type spyStore struct {
	sess.Store
	records sess.Records

	mu   sync.Mutex
	log  []string
	fail func(method string, call int) failure
	n    int
}

// failure is what happens to a call: err is returned, and the store is asked
// all the same if applied is true.
type failure struct {
	err     error
	applied bool
}

func (s *spyStore) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.Store.Bind(setup)
	s.records = parts.Records
	parts.Records, parts.Local = s, false
	return parts, err
}

func (s *spyStore) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log, s.n = nil, 0
}

func (s *spyStore) calls() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.log, " ")
}

func (s *spyStore) failing(f func(method string, call int) failure) {
	s.reset()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

func (s *spyStore) call(method string, do func() error) error {
	s.mu.Lock()
	s.log = append(s.log, method)
	var f failure
	if s.fail != nil {
		f = s.fail(method, s.n)
	}
	s.n++
	s.mu.Unlock()
	if f.err != nil && !f.applied {
		return f.err
	}
	err := do()
	if f.err != nil {
		return f.err
	}
	return err
}

func (s *spyStore) Load(ctx context.Context, key string) (rec sess.Record, err error) {
	err = s.call("Load", func() error { rec, err = s.records.Load(ctx, key); return err })
	return rec, err
}

func (s *spyStore) Create(ctx context.Context, key string, rec sess.Record) error {
	return s.call("Create", func() error { return s.records.Create(ctx, key, rec) })
}

func (s *spyStore) Update(ctx context.Context, key string, old, rec sess.Record) error {
	return s.call("Update", func() error { return s.records.Update(ctx, key, old, rec) })
}

func (s *spyStore) Touch(ctx context.Context, key string, old sess.Record, expires time.Time) error {
	return s.call("Touch", func() error { return s.records.Touch(ctx, key, old, expires) })
}

func (s *spyStore) Delete(ctx context.Context, key string, old sess.Record) error {
	return s.call("Delete", func() error { return s.records.Delete(ctx, key, old) })
}

func (s *spyStore) Find(ctx context.Context, e sess.IndexEntry) iter.Seq2[string, error] {
	return s.records.(sess.Finder).Find(ctx, e)
}

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }
