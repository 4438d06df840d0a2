// Package runtime is what the code that sessiongen generates, and the
// applications that use it, call: typed HTTP sessions over exchangeable stores.
//
// An application annotates a struct, runs the generator and gets a type
// Session with accessors and a manager Sessions:
//
//	sessions, err := shop.NewSessions(memstore.New(), runtime.Config{})
//	mux.HandleFunc("GET /visits", func(w http.ResponseWriter, r *http.Request) {
//		s := sessions.Get(r)
//		fmt.Fprintln(w, s.AddVisits(1))
//	})
//	http.ListenAndServe(addr, sessions.Middleware(mux))
//
// # What is promised
//
// A session that was destroyed stays destroyed, also for requests that were in
// flight. Parallel requests on one session lose nothing: changes of different
// fields all survive, adds sum up, appends all arrive, maps merge by key,
// updates are applied again, and of two sets of one field the later commit wins.
// A slice, map or pointer that a getter returned may be changed in place; the
// change is saved. A session is committed before the response begins, so that
// a redirect finds it. A request that only reads writes nothing but, once in a
// tenth of the idle timeout, the session's new end. When the store can't
// answer the request fails; it never runs as a new visitor. A commit that comes
// second to those of others merges with them and tries again; if that happens
// 100 times in a row it fails with [ErrConflict], and nothing of it is stored.
//
// Stores that keep the session in the cookie can't keep all of that; each
// store's documentation says which.
//
// # One request, one goroutine
//
// A session is used by one goroutine at a time, as a map or an http.Header is.
// After its handler has returned it can't be saved; work in the background
// keeps its ID and calls [Sessions.Update].
//
// A time.Time field, and a time that a field of a struct or array type has by
// value, is kept in UTC and without monotonic reading from the moment it is set.
// What is behind a slice, map or pointer is the caller's as well, and is not
// written to: times there are so once they were stored.
//
// What AppendX, SetX or a Save puts in place of a slice is not the slice that
// a getter returned before; get it again, as after Go's append. A value that
// holds a field of an embedded or nested struct is saved whole: the unit of
// merging, and of what an older program carries over, is the session's field.
//
// # Requests
//
// The token is the value of the first cookie of exactly the manager's name,
// prefix included; others are not tried. What can't be a token is not looked
// up. A request whose token opens nothing has a new session, which gets a token
// of its own as soon as something is set.
//
// The session is found with the request, with every copy of it by WithContext or
// Clone, and with every context made from its own. The same manager mounted
// twice is one session. Several managers, each with a cookie of its own, may be
// mounted around one handler; each commits once.
//
// Behind a proxy that ends TLS there is nothing to configure: no forwarded
// header is read, and the cookie is always Secure. A handler that is itself a
// proxy, such as httputil.ReverseProxy, sends the visitor's cookies to its
// backend unless Rewrite removes them from the outgoing request.
//
// # Responses
//
// A session is committed at the first WriteHeader with a final status, Write,
// ReadFrom, Flush or Hijack, or when the handler returns; informational
// responses such as 103 Early Hints come before. [Bag.Save] commits earlier. If
// a commit fails, Config.ErrorHandler answers: the handler's status, body and
// headers are discarded and its writes return the error. What middleware around
// the manager's has set stays, and so does the cookie of an earlier Save, whose
// commit stands.
//
// What is set after the first byte is committed when the handler returns, or by
// Save, where that needs no cookie. What needs one ([ErrHeadersSent]), is too
// large ([ErrTooLarge]) or can't be stored is logged, and in Development panics.
//
// A handler that panics, with http.ErrAbortHandler too, commits nothing: what
// was committed before, by Save or by the response's beginning, stands. If a
// middleware inside of the manager's recovers, the handler has returned, and its
// changes are committed with whatever the middleware answers.
//
// A client that disconnects does not keep its request from being committed.
// But a new token would reach nobody: a login, that is, a principal that is set,
// and a renewal are refused ([ErrNoClient]) once the request's context has
// ended, so that the client's next request has the session that it knows. A
// logout is done.
//
// A response that used the session says "Vary: Cookie", and "Cache-Control:
// private, no-cache" unless the handler has set a Cache-Control of its own. That
// one is replaced too if the response carries a token, or deletes one, and it
// says neither private nor no-store: a shared cache would give the token to
// everybody. Other responses are left alone.
//
// # Streams, websockets, timeouts
//
// A handler that streams calls [Bag.Save] between its events, which also keeps
// the session from ending, and [Bag.Reload] to see what others changed. An
// error that is [ErrDestroyed] tells that the visitor has logged out.
//
// Hijack commits, and the session is used as before: by Save, and when the
// handler returns. A websocket that changed nothing writes nothing when it ends.
// The response is then the hijacker's to write. Packages that send what is in
// the headers, such as github.com/coder/websocket and httputil.ReverseProxy,
// send a new token too; github.com/gorilla/websocket sends what it is given:
//
//	if err := s.Save(r.Context()); err != nil { ... }
//	conn, err := upgrader.Upgrade(w, r, http.Header{"Set-Cookie": w.Header()["Set-Cookie"]})
//
// http.TimeoutHandler belongs around Middleware, not inside: inside, its handler
// goes on in another goroutine after the response was committed, and must not
// touch the session any more.
//
// # Stores that fail
//
// A call of a store that is not in this process gets a context that ends after
// [Config].StoreTimeout, and a commit, with its tries, one of twice that. A client
// that disconnects ends neither. The package starts no goroutine for a call: a
// store that ignores its context holds the request that called it, and other
// requests on the same session fail when their own time is up. After an error
// whose meaning is not known the outcome is looked up, so that nothing is done
// twice. A panic of a store, or of a type's own marshaler, is the handler's; a
// commit after it, in the same request, fails with [ErrUnclear].
//
// # Lifetimes
//
// A session ends when it was not used for [Config].IdleTimeout, and in any case
// after AbsoluteTimeout. Both are in the record and enforced from it, whatever
// the cookie's age. Setting or clearing a principal gives the session a new
// token and restarts both clocks; [Bag.Renew] gives it a new token and the same
// end. The old token leaves a tombstone for a minute: a request that still
// carries it gets no cookie, so that a late response can't undo a login.
//
// A store that shares its sessions with other programs may bring a [Policy],
// which decides on these points in place of the configuration; what then does
// not hold is in that store's documentation.
//
// # The record format
//
// A record is a header of 32 bytes and one or two MessagePack maps. All
// integers of the header are big-endian and unsigned; instants are Unix time in
// milliseconds, 0 for never.
//
//	offset  bytes  meaning
//	0       1      format version, 1
//	1       8      stamp: the writer's random mark, new with each write but a
//	               touch; in a sealed session its id
//	9       6      expires: the session's end if it is not used again
//	15      6      created
//	21      6      deadline: the session's end in any case
//	27      5      idle timeout in milliseconds (39 bits, 0 for never); the
//	               highest bit is set if SetMaxAge chose it
//	32      -      map: wire name -> value, for each field that is set
//	-       -      map of notes, only where there are any:
//	               "t" -> map: wire name -> instant at which the field lapses
//	               "i" -> array of the wire names that are an index
//	               "w" -> array of the wire names that were written together
//	               with an older name of theirs. If one of the two is missing,
//	               a program that knows it alone has cleared the field; if both
//	               differ, a program that knows the older one alone has set it.
//	               A program that knows the newer one alone takes it out of the
//	               list when it sets it, which then counts
//
// A record that ends after its header is a tombstone. Values are
//
//	bool, string        as MessagePack has them
//	[]byte, [N]byte     bin
//	integers            the shortest int or uint; time.Duration in nanoseconds
//	float32, float64    float 32 and float 64
//	time.Time           the timestamp extension (type -1)
//	slice, array        array; a nil slice is nil
//	map                 map in ascending order of its keys; a nil map is nil
//	pointer             its value, or nil
//	struct              a table of one row
//	slice of structs    a table: an array whose first element is the array of
//	                    the column names, and whose others are the values of
//	                    one row after the other, in the order of the names; an
//	                    empty slice is an empty array. Without columns a row is
//	                    one nil
//	slice of pointers   the same; a nil pointer is a row whose first value is
//	to structs          the extension of type 1 with a zero byte (D4 01 00),
//	                    and whose others are nil
//	MarshalBinary       bin, MarshalText: str
//
// Readers go by name and skip what they do not know. A reader that changes a
// field writes the others back as they were. Test vectors are in
// runtime/testdata/records.json.
//
// A session whose record has a higher version than its reader knows is an
// error ([ErrNewerFormat]), never a new visitor.
//
// The tokens of stores that keep records are 32 random bytes in base64url
// without padding (43 characters); the key is the SHA-256 of the cookie's bare
// name, a zero byte and those 32 bytes, written the same way.
//
// # Functions for generated code
//
// Functions that take a *[Bag], a [Fields] or a [Reader], and those that begin
// with Append and Read, are called by generated code. Applications have no need
// of them.
package runtime
