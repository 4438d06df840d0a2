package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	sess "github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
)

// The stores of this file stand for those that programs of others share with
// ours: they show that the interfaces fit a foreign format and a foreign store.

// jsonStore keeps JSON beside a "cookie" part, as express-session's stores do,
// under keys that are a prefix and the id in the token.
type jsonStore struct{ sess.Store }

func (s jsonStore) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.Store.Bind(setup)
	parts.Format, parts.Tokens = jsonFormat{}, &prefixTokens{}
	return parts, err
}

type prefixTokens struct {
	mu sync.Mutex
	n  int
}

func (p *prefixTokens) New() (token, key string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	id := sprintf("id%d", p.n)
	return "s:" + id + ".new", "sess:" + id, nil
}

func (p *prefixTokens) Key(token string) (key string, resign bool, err error) {
	id, signature, ok := strings.Cut(strings.TrimPrefix(token, "s:"), ".")
	if !ok || signature != "new" && signature != "old" {
		return "", false, sess.ErrNotFound
	}
	return "sess:" + id, signature == "old", nil
}

type jsonFormat struct{}

type jsonCookie struct {
	Expires time.Time `json:"expires"`
	MaxAge  int64     `json:"originalMaxAge"`
}

func (jsonFormat) Decode(data []byte, m *sess.Meta, f sess.Fields) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return errors.Join(sess.ErrCorrupt, err)
	}
	var cookie jsonCookie
	if err := json.Unmarshal(all["cookie"], &cookie); err != nil {
		return errors.Join(sess.ErrCorrupt, err)
	}
	m.Expires, m.Idle = cookie.Expires.UnixMilli(), cookie.MaxAge
	for i, field := range f.Spec().Fields {
		if raw, ok := all[field.Name]; ok {
			sess.SetPresent(f, i, json.Unmarshal(raw, f.Pointer(i)) == nil)
		}
	}
	return nil
}

func (jsonFormat) Encode(dst, base []byte, m *sess.Meta, f sess.Fields) ([]byte, error) {
	all := map[string]json.RawMessage{}
	if base != nil {
		if err := json.Unmarshal(base, &all); err != nil {
			return nil, err
		}
	}
	set := map[string]any{"cookie": jsonCookie{time.UnixMilli(m.Expires).UTC(), m.Idle}}
	for name, value := range sess.All(f) {
		set[name] = value
	}
	for _, field := range f.Spec().Fields {
		delete(all, field.Name)
	}
	for name, value := range set {
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		all[name] = raw
	}
	text, err := json.Marshal(all)
	return append(dst, text...), err
}

func TestForeignFormat(t *testing.T) {
	memory := newMemory(t)
	a := newApp(t, jsonStore{memory})
	b := a.browser()
	var id string
	b.see(func(s *shop.Session) {
		s.SetVisits(1)
		s.AppendCart(shop.Item{SKU: "a", Qty: 1})
		s.SetTheme("dark")
		id = s.ID()
	})
	rec, err := memory.Load(ctx(), id)
	if err != nil || !strings.HasPrefix(id, "sess:") || !strings.Contains(string(rec.Data), `"visits":1`) {
		t.Fatalf("%s: %s, %v", id, rec.Data, err)
	}
	// The other side adds a field that the spec does not know.
	theirs := rec
	theirs.Stamp++
	theirs.Data = []byte(strings.Replace(string(rec.Data), `"visits":1`, `"visits":5,"nested":{"x":[1]}`, 1))
	if err := memory.Update(ctx(), id, rec, theirs); err != nil {
		t.Fatal(err)
	}
	rec2 := b.parallel(func(s *shop.Session) { s.AddVisits(1); s.Cart()[0].Qty = 7 }, func() {
		b.see(func(s *shop.Session) { s.AddVisits(10); s.SetTeam("blue") })
	})
	if rec2.Code != http.StatusOK {
		t.Fatalf("status %d: %s", rec2.Code, a.logs)
	}
	rec, _ = memory.Load(ctx(), id)
	if !strings.Contains(string(rec.Data), `"nested":{"x":[1]}`) {
		t.Errorf("the other side's field is gone: %s", rec.Data)
	}
	b.see(func(s *shop.Session) {
		if s.Visits() != 16 || s.Team() != "blue" || s.Cart()[0].Qty != 7 || s.Theme() != "dark" {
			t.Errorf("got %v", s)
		}
	})
	old := strings.Replace(b.token(), ".new", ".old", 1)
	b.setToken(old)
	b.see(func(s *shop.Session) { s.Visits() })
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	if _, err := memory.Load(ctx(), id); !errors.Is(err, sess.ErrNotFound) {
		t.Errorf("the record from before the login: %v", err)
	}
	late := b.parallel(func(s *shop.Session) { s.AddVisits(1) }, func() { b.see(func(s *shop.Session) { s.Destroy() }) })
	if late.Code != http.StatusConflict {
		t.Errorf("a save after logout: %d", late.Code)
	}
}

// refusing is a format that can't write what it shall.
type refusing struct{ jsonFormat }

func (refusing) Encode([]byte, []byte, *sess.Meta, sess.Fields) ([]byte, error) {
	return nil, errors.New("the format refuses it")
}

type refusingStore struct{ sess.Store }

func (s refusingStore) Bind(setup sess.Setup) (sess.Parts, error) {
	parts, err := s.Store.Bind(setup)
	parts.Format = refusing{}
	return parts, err
}

// What a format can't write is an error, and nothing is stored.
func TestFormatRefuses(t *testing.T) {
	a := newApp(t, refusingStore{newMemory(t)})
	_, err := a.sessions.Create(ctx(), func(s *shop.Session) error { s.SetVisits(1); return nil })
	if err == nil || !strings.Contains(err.Error(), "the format refuses it") {
		t.Errorf("%v", err)
	}
}

// mapStore is an untyped store with cookies of its own, as gorilla/sessions has them.
type mapStore struct {
	mu   sync.Mutex
	n    int
	data map[string]map[string]any
}

func (s *mapStore) Bind(sess.Setup) (sess.Parts, error) { return sess.Parts{Foreign: s}, nil }

func (s *mapStore) id(r *http.Request) string {
	c, err := r.Cookie("legacy")
	if err != nil {
		return ""
	}
	return c.Value
}

func (s *mapStore) Load(r *http.Request, m *sess.Meta, f sess.Fields) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	values, ok := s.data[s.id(r)]
	if !ok {
		return sess.ErrNotFound
	}
	for i, field := range f.Spec().Fields {
		if v, ok := values[field.Name]; ok {
			p := reflect.ValueOf(f.Pointer(i)).Elem()
			if fits := reflect.TypeOf(v).AssignableTo(p.Type()); fits {
				p.Set(reflect.ValueOf(v))
				sess.SetPresent(f, i, true)
			}
		}
	}
	return nil
}

func (s *mapStore) Save(w http.ResponseWriter, r *http.Request, m *sess.Meta, f sess.Fields, renew bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.id(r)
	values := maps.Clone(s.data[id])
	if renew {
		delete(s.data, id)
	}
	if values == nil || renew {
		s.n++
		id = sprintf("legacy%d", s.n)
		if values == nil {
			values = map[string]any{}
		}
		http.SetCookie(w, &http.Cookie{Name: "legacy", Value: id, Path: "/"})
	}
	for _, field := range f.Spec().Fields {
		delete(values, field.Name)
	}
	maps.Insert(values, sess.All(f))
	s.data[id] = values
	return nil
}

func (s *mapStore) Key(r *http.Request) string { return s.id(r) }

func (s *mapStore) Delete(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.data, s.id(r))
	http.SetCookie(w, &http.Cookie{Name: "legacy", Path: "/", MaxAge: -1})
	return nil
}

func TestForeignStore(t *testing.T) {
	store := &mapStore{data: map[string]map[string]any{}}
	a := newApp(t, store, func(c *sess.Config) { c.AllowMissingIndex = true })
	b := a.browser()
	b.see(func(s *shop.Session) { s.SetVisits(1); s.PutLabels("a", "1") })
	// Untyped code changes the session.
	store.data["legacy1"]["visits"] = 3
	store.data["legacy1"]["other"] = "kept"
	rec := b.parallel(func(s *shop.Session) { s.AddVisits(1); s.PutLabels("b", "2") }, func() {
		b.see(func(s *shop.Session) { s.AddVisits(10); s.PutLabels("c", "3") })
	})
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d: %s", rec.Code, a.logs)
	}
	b.see(func(s *shop.Session) {
		if s.Visits() != 14 || !equal(s.Labels(), map[string]string{"a": "1", "b": "2", "c": "3"}) {
			t.Errorf("got %v", s)
		}
	})
	if got := store.data["legacy1"]["other"]; got != "kept" {
		t.Errorf("other = %v", got)
	}
	b.see(func(s *shop.Session) { s.SetUserID("u1") })
	b.see(func(s *shop.Session) {
		if s.UserID() != "u1" || s.Visits() != 14 || store.data["legacy1"] != nil {
			t.Errorf("after login: %v, %v", s, store.data)
		}
	})
	late := b.parallel(func(s *shop.Session) { s.AddVisits(1) }, func() { b.see(func(s *shop.Session) { s.Destroy() }) })
	if late.Code != http.StatusConflict {
		t.Errorf("a save after logout: %d", late.Code)
	}
	if len(store.data) != 0 {
		t.Errorf("after logout: %v", store.data)
	}
	if _, err := a.sessions.Load(context.Background(), "x"); !errors.Is(err, sess.ErrStateless) {
		t.Errorf("Load = %v", err)
	}
}
