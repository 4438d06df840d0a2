package fastifycompat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/fastifycompat"
	"github.com/sessiongen/sessiongen/runtime/internal/peer"
)

// next is the Cookie header of a visitor who got c.
func (c setCookie) next() string { return c.name + "=" + c.wire }

func TestAccess(t *testing.T) {
	p, c := one(t, plain(t))
	w := p.ask(c.next(), func(s ...*session) {
		s[0].SetName("a")
		s[0].SetA(2)
		if diff := cmp.Diff(map[string]any{"visits": 1.0, "name": "a", "a": 2.0}, seen(t, s[0])); diff != "" {
			t.Error(diff)
		}
	})
	p.ask(sent(w)[0].next(), func(s ...*session) {
		for name, value := range s[0].All() { // without the stamp
			if name == "__ts" || value == nil {
				t.Errorf("%s: %v", name, value)
			}
		}
		if s[0].Name() != "a" || s[0].A() != 2 || s[0].IsNew() {
			t.Errorf("%v", s[0])
		}
	})
}

// A cookie dies of its own stamp; what was set or touched since is another cookie.
func TestExpiry(t *testing.T) {
	for _, expiry := range []time.Duration{0, 15 * time.Minute} {
		o := plain(t)
		o.Expiry = expiry
		life := expiry
		if life == 0 {
			life = 86401 * time.Second
		}
		p, c := one(t, o)
		lives := func(cookies string) (alive bool) {
			p.ask(cookies, func(s ...*session) { alive = s[0].Visits() == 1 })
			return alive
		}
		begin := int64(at+411) / 1000 * 1000 // the stamp is rounded
		p.setNow(begin + life.Milliseconds() - 1)
		if !lives(c.next()) {
			t.Errorf("%v: dead before its time", life)
		}
		touched := sent(p.ask(c.next(), func(s ...*session) { s[0].Touch() }))
		p.setNow(begin + life.Milliseconds())
		if lives(c.next()) {
			t.Errorf("%v: alive past its time", life)
		}
		if len(touched) != 1 || !lives(touched[0].next()) {
			t.Errorf("%v: a touch did not help: %v", life, touched)
		}
	}
}

// Reading is no use: it sends nothing, however long ago the session was set.
func TestReadSendsNothing(t *testing.T) {
	p, c := one(t, plain(t))
	p.setNow(at + (20 * time.Hour).Milliseconds())
	if w := p.ask(c.next(), func(s ...*session) { s[0].Visits() }); len(sent(w)) > 0 {
		t.Errorf("%v", sent(w))
	}
	// A touch does, also in the second of the last one.
	p.setNow(at + 1)
	if w := p.ask(c.next(), func(s ...*session) { s[0].Touch() }); len(sent(w)) != 1 {
		t.Errorf("a touch: %v", sent(w))
	}
	// And so does a set of what is there.
	if w := p.ask(c.next(), func(s ...*session) { s[0].SetVisits(1) }); len(sent(w)) != 1 {
		t.Errorf("the same value: %v", sent(w))
	}
}

func TestDelete(t *testing.T) {
	p, c := one(t, plain(t))
	want := []setCookie{{"session", "", "; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax"}}
	if got := sent(p.ask(c.next(), func(s ...*session) { s[0].Destroy() })); cmp.Diff(want, got, cmp.AllowUnexported(setCookie{})) != "" {
		t.Errorf("%v", got)
	}
	if got := sent(p.ask("", func(s ...*session) { s[0].Destroy() })); len(got) > 0 {
		t.Errorf("nothing to delete: %v", got)
	}
	// A set after it begins a session of its own; nothing of the old one is there.
	w := p.ask(c.next(), func(s ...*session) { s[0].Destroy(); s[0].SetName("bye") })
	if text, _ := opened(t, sent(w)[0].value(t), p.options[0].Keys); text != `{"__ts":1773480414,"name":"bye"}` {
		t.Error(text)
	}
}

// regenerate(keep) is Destroy and setting what is kept; keys that Go does not
// know go too.
func TestRegenerate(t *testing.T) {
	p := mustStart(t, at, plain(t))
	token := fastifycompat.SealWith(p.options[0].Keys, []byte(`{"__ts":1773480000,"visits":1,"name":"a","other":[1]}`), [24]byte{})
	cookies := "session=" + fastifycompat.EncodeValue(token)
	w := p.ask(cookies, func(s ...*session) { v := s[0].Visits(); s[0].Destroy(); s[0].SetVisits(v) })
	if text, _ := opened(t, sent(w)[0].value(t), p.options[0].Keys); text != `{"__ts":1773480414,"visits":1}` {
		t.Error(text)
	}
	w = p.ask(cookies, func(s ...*session) { s[0].Destroy(); runtime.StoreEmpty(s[0]) })
	if text, _ := opened(t, sent(w)[0].value(t), p.options[0].Keys); text != `{"__ts":1773480414}` {
		t.Error(text)
	}
}

func TestEditCookie(t *testing.T) {
	o := plain(t)
	o.Cookie.MaxAge = 42 * time.Second
	p := mustStart(t, at, o)
	edit := func(s *session, age time.Duration) {
		fastifycompat.EditCookie(s, func(c *fastifycompat.Cookie) { c.MaxAge += age })
	}
	w := p.ask("", func(s ...*session) { s[0].SetVisits(1); edit(s[0], time.Hour); edit(s[0], time.Minute) })
	c := sent(w)[0]
	if c.attributes != "; Max-Age=102; Path=/; HttpOnly; SameSite=Lax" { // the second call replaces the first
		t.Errorf("%v", c)
	}
	if w := p.ask(c.next(), func(s ...*session) { edit(s[0], time.Hour) }); len(sent(w)) > 0 {
		t.Errorf("an edit alone: %v", sent(w))
	}
	if w := p.ask(c.next(), func(s ...*session) { s[0].Touch() }); sent(w)[0].attributes != "; Max-Age=42; Path=/; HttpOnly; SameSite=Lax" {
		t.Errorf("the next response: %v", sent(w))
	}
	w = p.ask(c.next(), func(s ...*session) { s[0].SetVisits(2); edit(s[0], time.Millisecond) })
	if w.Code != http.StatusInternalServerError || len(sent(w)) > 0 {
		t.Errorf("a bad edit: %d, %v", w.Code, sent(w))
	}
}

// A handler that ends before it sets anything, as after a schema's error, sends no cookie.
func TestNothingSet(t *testing.T) {
	p := mustStart(t, at, plain(t))
	if w := p.ask("", func(s ...*session) { s[0].Visits() }); len(sent(w)) > 0 {
		t.Errorf("%v", sent(w))
	}
}

// createSecureSession, encodeSecureSession, decodeSecureSession.
func TestTokens(t *testing.T) {
	ctx := t.Context()
	p := mustStart(t, at, plain(t), func() fastifycompat.Options {
		o := plain(t)
		o.SessionName, o.Keys = "other", ring(t, rawB)
		return o
	}())
	s, err := p.managers[0].Create(ctx, func(s *session) error { s.SetVisits(3); return nil })
	if err != nil {
		t.Fatal(err)
	}
	token := p.managers[0].Token(s)
	if back, err := p.managers[0].Open(ctx, token); err != nil || back.Visits() != 3 {
		t.Errorf("%v, %v", back, err)
	}
	for name, token := range map[string]string{"another session's": token, "short": "AAAA;" + strings.Split(token, ";")[1], "nothing": "", "no nonce": "AAAA"} {
		if back, err := p.managers[1].Open(ctx, token); !errors.Is(err, runtime.ErrNotFound) {
			t.Errorf("%s: %v, %v", name, back, err)
		}
	}
	// There is no id, and what needs one says so.
	if s.ID() != "" {
		t.Errorf("the id is %q", s.ID())
	}
	if _, err := p.managers[0].Load(ctx, "x"); !errors.Is(err, runtime.ErrStateless) {
		t.Errorf("Load: %v", err)
	}
}

// What does not open is a new session, and is logged with the way out, once a
// minute.
func TestRefused(t *testing.T) {
	p, c := one(t, plain(t))
	o := plain(t)
	o.Keys = ring(t, rawB)
	q := mustStart(t, at, o)
	token := c.value(t)
	box, nonce, _ := strings.Cut(token, ";")
	for _, bad := range []struct{ value, want string }{
		{token, "sealed with a key that is not in Options.Keys"},
		{"malformed", "no nonce"},
		{box[:20] + ";" + nonce, "shorter than an empty session"},
		{box + ";" + nonce + "AAAA", "has not 24 bytes"},
		{strings.Repeat("A", 17<<10) + ";" + nonce, "more than 16 KiB"},
	} {
		q.logs.Reset()
		for range 3 {
			w := q.ask("session="+fastifycompat.EncodeValue(bad.value), func(s ...*session) {
				if !s[0].IsNew() || s[0].HasVisits() {
					t.Errorf("%s: %v", bad.want, s[0])
				}
			})
			if len(sent(w)) > 0 {
				t.Errorf("%s: %v", bad.want, sent(w))
			}
		}
		if text := q.logs.String(); strings.Count(text, bad.want) != 1 || strings.Contains(text, nonce) {
			t.Errorf("%s: %s", bad.want, text)
		}
	}
	q.logs.Reset()
	q.setNow(at + time.Minute.Milliseconds())
	q.ask(c.next(), func(s ...*session) {})
	if !strings.Contains(q.logs.String(), "suppressed=2") {
		t.Errorf("%s", &q.logs)
	}
	if p.logs.Len() > 0 {
		t.Errorf("%s", &p.logs)
	}
}

// Any cookie that the plugin sends is read, also one that no browser keeps; none
// is sent that a browser would drop.
func TestLargeCookie(t *testing.T) {
	p := mustStart(t, at, plain(t))
	large := fastifycompat.SealWith(p.options[0].Keys, []byte(`{"visits":1,"blob":"`+strings.Repeat("x", 6500)+`","__ts":1773480414}`), [24]byte{})
	if len(large) < 8700 {
		t.Fatal(len(large))
	}
	cookies := "session=" + fastifycompat.EncodeValue(large)
	if w := p.ask(cookies, func(s ...*session) {
		if s[0].Visits() != 1 || len(s[0].Blob()) != 6500 {
			t.Errorf("%v", s[0])
		}
	}); w.Code != http.StatusOK {
		t.Errorf("status %d", w.Code)
	}
	w := p.ask(cookies, func(s ...*session) {
		s[0].AddVisits(1)
		err := s[0].Save(context.Background())
		if !errors.Is(err, runtime.ErrTooLarge) || !strings.Contains(err.Error(), "browsers would drop it") {
			t.Errorf("%v", err)
		}
	})
	if w.Code != http.StatusInternalServerError || len(sent(w)) > 0 {
		t.Errorf("status %d, %v", w.Code, sent(w))
	}
	// A smaller one makes the session usable again.
	w = p.ask(cookies, func(s ...*session) { s[0].ClearBlob() })
	if w.Code != http.StatusOK || len(sent(w)) != 1 {
		t.Errorf("status %d, %v", w.Code, sent(w))
	}
	// The last byte that fits.
	fits := 0
	for n := 2750; n < 2800; n++ {
		w := p.ask("", func(s ...*session) { s[0].SetBlob(strings.Repeat("x", n)) })
		if all := sent(w); len(all) == 1 {
			if fits = len(all[0].name) + len(all[0].wire); fits > 4096 {
				t.Fatalf("%d bytes are sent", fits)
			}
		}
	}
	if fits < 4000 {
		t.Errorf("at most %d bytes are sent", fits)
	}
}

// SetMaxAge ends the session for both, if the Node program knows Expiry, and the
// cookie says so.
func TestSetMaxAge(t *testing.T) {
	p, c := one(t, plain(t))
	w := p.ask(c.next(), func(s ...*session) { s[0].SetMaxAge(time.Hour) })
	got := sent(w)[0]
	if got.attributes != "; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax" {
		t.Errorf("%v", got)
	}
	// Another program's write keeps it.
	w = p.ask(got.next(), func(s ...*session) { s[0].AddVisits(1) })
	p.setNow(at + time.Hour.Milliseconds())
	p.ask(sent(w)[0].next(), func(s ...*session) {
		if !s[0].IsNew() {
			t.Errorf("alive past its age: %v", s[0])
		}
	})
	p.setNow(at)
	w = p.ask(c.next(), func(s ...*session) { s[0].SetMaxAge(90 * 24 * time.Hour) })
	if w.Code != http.StatusInternalServerError || len(sent(w)) > 0 {
		t.Errorf("longer than Expiry: %d, %v", w.Code, sent(w))
	}
	s, err := p.managers[0].Open(t.Context(), got.value(t))
	if err != nil {
		t.Fatal(err)
	}
	s.SetMaxAge(90 * 24 * time.Hour)
	if err := s.Save(t.Context()); err == nil || !strings.Contains(err.Error(), "raise Expiry in both") {
		t.Errorf("%v", err)
	}
}

// Fields that lapse do so, also when a Node program has written the session since.
func TestTTL(t *testing.T) {
	var now = time.UnixMilli(at)
	config := quiet
	config.Now = func() time.Time { return now }
	sessions, err := peer.NewSessions(fastifycompat.New(plain(t)), config)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sessions.Create(t.Context(), func(s *peer.Session) error { s.SetStepUp(true); return nil })
	if err != nil {
		t.Fatal(err)
	}
	text, _ := opened(t, sessions.Token(s), ring(t, rawA))
	if want := fmt.Sprintf(`{"__ts":1773480414,"stepUp":true,"__sessiongen":{"ttl":{"stepUp":%d}}}`, at+15*60*1000); text != want {
		t.Errorf("%s, not %s", text, want)
	}
	byNode := fastifycompat.SealWith(ring(t, rawA), []byte(strings.Replace(text, `"stepUp"`, `"userId":"u","stepUp"`, 1)), [24]byte{})
	for after, want := range map[time.Duration]bool{15*time.Minute - 1e6: true, 15 * time.Minute: false} {
		now = time.UnixMilli(at).Add(after)
		if s, err := sessions.Open(t.Context(), byNode); err != nil || s.StepUp() != want || s.UserID() != "u" {
			t.Errorf("after %v: %v, %v", after, s, err)
		}
	}
}

// A value that does not fit its field is reported once, counts as absent and stays.
func TestMisfit(t *testing.T) {
	p := mustStart(t, at, plain(t))
	token := fastifycompat.SealWith(p.options[0].Keys, []byte(`{"visits":"three","name":"n","__ts":1773480414}`), [24]byte{})
	cookies := "session=" + fastifycompat.EncodeValue(token)
	for range 2 {
		w := p.ask(cookies, func(s ...*session) {
			if s[0].HasVisits() {
				t.Errorf("%v", s[0])
			}
			s[0].SetName("m")
		})
		if text, _ := opened(t, sent(w)[0].value(t), p.options[0].Keys); text != `{"visits":"three","name":"m","__ts":1773480414}` {
			t.Error(text)
		}
	}
	if text := p.logs.String(); strings.Count(text, "a string does not fit int") != 1 || strings.Contains(text, "three") {
		t.Error(text)
	}
	w := p.ask(cookies, func(s ...*session) { s[0].AddVisits(1) })
	if text, _ := opened(t, sent(w)[0].value(t), p.options[0].Keys); text != `{"visits":1,"name":"n","__ts":1773480414}` {
		t.Error(text)
	}
}

// An old key's session is sealed anew where it is used, with the same stamp.
func TestRotation(t *testing.T) {
	_, c := one(t, plain(t))
	o := plain(t)
	o.Keys = append(ring(t, rawB), ring(t, rawA)...)
	p := mustStart(t, at+100_000, o)
	w := p.ask(c.next(), func(s ...*session) { s[0].Visits() })
	if text, key := opened(t, sent(w)[0].value(t), o.Keys); text != `{"__ts":1773480414,"visits":1}` || key != 0 {
		t.Errorf("%s by key %d", text, key)
	}
	w = p.ask(c.next(), func(s ...*session) { s[0].AddVisits(1) })
	if text, key := opened(t, sent(w)[0].value(t), o.Keys); text != `{"__ts":1773480514,"visits":2}` || key != 0 {
		t.Errorf("%s by key %d", text, key)
	}
}
