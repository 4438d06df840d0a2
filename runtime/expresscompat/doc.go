// Package expresscompat keeps sessions that a Node program has too: one with
// express-session, whose store is Redis with connect-redis, under Express or
// under NestJS's @Session(). Both sides read and write the same cookie and the
// same records, so that routes move from one to the other and nobody is logged
// out. docs/moving-from-express.md goes through it step by step.
//
//	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
//	store := expresscompat.New(client, expresscompat.Options{
//		Secrets: []string{os.Getenv("SESSION_SECRET")},
//		Cookie:  expresscompat.CookieOptions{MaxAge: 24 * time.Hour, Secure: expresscompat.SecureAuto},
//	})
//	sessions, err := shop.NewSessions(store, runtime.Config{})
//
// A field's wire name is the name of the property in Node: req.session.visits is
// the field Visits. Give others in the tag: `session:"returnTo"`. How values are
// written is described below; members that the spec does not know, at any depth,
// are kept as they are.
//
// # The cookie
//
//	name "=" encodeURIComponent("s:" id "." base64(HMAC-SHA256(secret, id)))
//
// in standard base64 without "=". The first secret signs, all verify. The first
// cookie of the name counts, even if it is none of ours. Attributes are written in
// the order Domain, Path, Expires, HttpOnly, Secure, Partitioned, Priority,
// SameSite; an age is written as Expires and never as Max-Age. As in
// express-session, an existing session's cookie is sent again only with Rolling,
// or when the session was changed and its cookie has an age: a cookie that ends
// with the browser keeps the signature that it has. To replace a secret, first
// append the new one to the list of every program, then move it to the front in
// every program, and remove the old one when the last cookie under it has ended:
// a program that does not list the new secret yet takes such a cookie for none.
//
// # The record
//
// The value of the key Prefix + id, a JSON object with the member "cookie":
//
//	sess:Jq8oZ3rFJ0mUe1n-6kTqXyB_2vWc9DpL
//	{"cookie":{"originalMaxAge":60000,"expires":"2026-03-14T09:27:53.589Z","httpOnly":true,"path":"/"},"visits":3}
//
// Its members are originalMaxAge, partitioned, priority, expires, secure,
// httpOnly, domain, path and sameSite, in this order; those that are not set are
// left out, and others are not written back. [CookieOf] and [EditCookie] read
// and change it. The key lives for the time until expires, rounded up to seconds,
// or for Options.TTL. A request that only reads moves the life of the key with
// EXPIRE and leaves the value, so that the expires in it goes stale: a record
// that is there is alive.
//
// Values are JSON as JSON.stringify writes it: no escapes for HTML, numbers as
// JavaScript prints them, lone surrogates as \udXXX, names that are integers
// first, the others in the order in which they came. An integer beyond 2^53-1
// either way, which JavaScript would round, is written as a string of its digits
// and read from one. time.Time is what Date.toJSON writes, []byte is base64, a
// struct an object. null counts as absent, but for a pointer, slice or map. When
// a field lapses (ttl=) is noted in a member "__sessiongen".
//
// # What Go keeps beside a Node program
//
// A commit replaces the text that it is based on, in one script, whoever wrote
// that; if another text is there, both sides' changes are merged field by field,
// and nothing that Node has stored is lost by Go. A program in Node writes a
// session whole, at the end of its request: what Go wrote since that request
// began is lost, as it is between two requests of Node alone, and a session that
// Go has destroyed meanwhile is stored again. Node's side is spared this only
// where it does not write: with resave off, requests that change nothing. Measured
// on one session: of 200 increments by 8 clients in Node alone 38 were there in the
// end; of 200 adds by 8 clients in Go beside one that counts in Node without pause,
// 92, and all 50 of Node's; of 200 adds in Go beside 8 readers in Node, all.
// Among programs in Go alone the promises of package runtime hold, with these
// differences:
//
//   - A record says neither when its session began nor who wrote it. There is no
//     absolute deadline: Config.IdleTimeout and Config.AbsoluteTimeout must be 0.
//     If the store fails while it writes, the outcome is looked up by the text:
//     another request that wrote the very same text then counts as this one.
//   - There is no tombstone. A request with the token of a session that was just
//     destroyed or renewed gets a new session.
//   - There is no index. A spec with an index or a principal needs
//     Config.AllowMissingIndex; FindBy and DestroyBy return runtime.ErrNoIndex.
//   - SetMaxAge sets originalMaxAge: the session lives so long from its last use.
//   - A session is touched with every request, as Node does, unless DisableTouch is set.
//   - A field that is set to the value which it was loaded with counts as unchanged.
//
// # What differs from express-session on purpose
//
// A session is committed before the response begins, so that a redirect finds it;
// if the store can't answer, the request fails with 503 and does not run without
// a session. A record that can't be read gives its visitor a new session and an
// error in the log, not an answer with status 500 or none; the record stays.
// Destroy deletes the browser's cookie. A cookie that can't be sent, and no secret,
// are errors at the start. Resave and SaveUninitialized are off unless set. A
// session whose id is unknown gets a new id, in Node too. [Store.Explain] says
// why a request has no session.
//
// # Sources
//
// express-session 1.19.0 with cookie 0.7.2 and cookie-signature 1.0.7, and
// connect-redis 9.0.0, read and observed; testdata/express-session.json has what
// was recorded, and docs/parity-express.md what their own tests ask for.
package expresscompat
