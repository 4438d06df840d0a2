// Package cookiestore keeps a session in its cookie: sealed, so that the client
// can neither read nor change it, and with no store on the server.
//
//	keys, err := runtime.ParseKeyring(os.Getenv("SESSION_KEYS"))
//	...
//	sessions, err := shop.NewSessions(cookiestore.New(keys...), runtime.Config{})
//
// A key comes from the command "sessiongen keygen".
//
// # What a sealed cookie can't promise
//
// The client holds the only copy of the session, and can put any earlier one in
// its place. From this follows:
//   - Logout does not stay done. Destroy deletes the browser's cookie, but a copy
//     of it that was made before, by malware or from a backup, still opens until
//     its idle timeout, or its absolute deadline at the latest; and the response
//     of a request that was in flight sets the cookie again. Short timeouts
//     limit the harm, and removing a key ends all sessions that it sealed. To end
//     a single one, as OWASP ASVS 5.0 chapter 7.4 asks, takes a list on the
//     server: see "Ending sessions" below.
//   - Renew, and the new id at a login, do not end the old cookie either, for the
//     same reason and with the same remedy.
//   - Updates are lost. Each of several parallel requests starts from the same
//     cookie, and the browser keeps the response that arrives last: what the
//     others changed is gone. A counter of failed attempts, a credit or a
//     one-time code can thus be replayed by sending an old cookie again.
//   - A Claim accessor (ClaimNotice) can't make sure that one request alone gets
//     the value.
//   - FindBy accessors and a listing need records on the server, as do Load and
//     Update by id: they return an error. So do DestroyBy accessors, "log out
//     everywhere", and Destroy by id, without a list. A spec with an index or
//     principal field is refused, unless Config.AllowMissingIndex is set.
//   - Nothing can be set once the first byte of a response is sent, since the
//     cookie is in its headers: that is a reported error.
//   - A session is small: name and value of a cookie have 4096 bytes together
//     (RFC 6265bis), which leaves about 3,000 for the record. More is a
//     [runtime.ErrTooLarge]. Its length can be seen from outside.
//
// Where any of these matters (sessions of staff, money, health), use package
// memstore, or a store on a server that all processes reach, such as redisstore
// or sqlstore; only the line that names the store changes. A sealed cookie is
// good for what a visitor may well carry himself: a language, a cart, a login
// with short timeouts.
//
// # Ending sessions
//
// [Store.RevokeIn] adds a list on the server of the sessions that have ended:
//
//	list := memstore.New(memstore.RejectWhenFull()) // or a store that all processes reach
//	sessions, err := shop.NewSessions(cookiestore.New(keys...).RevokeIn(list), config)
//
// Then logout stays done. Destroy notes the session's id, and every copy of its
// cookies opens nothing from then on. So does each change of the id: Renew,
// Reauthenticate, a principal that is set or cleared, and SetMaxAge, which here
// changes the id too. A request that was in flight can't bring the session
// back: what it set is refused with [runtime.ErrDestroyed] and no cookie is sent,
// unless it logs in, which begins a session of its own. Of parallel renewals one
// wins. Also:
//   - Sessions.Destroy ends a session by its id, and DestroyBy of a principal all
//     that have begun by now ("log out everywhere"), but for those that
//     runtime.Except names. What Except names is told by the millisecond in which
//     it began: a second session of that user, begun in the same one, stays too.
//   - If the list can't answer, the request fails ([runtime.ErrUnavailable]), and
//     Destroy has failed if it could not be noted.
//   - A request with a session costs one look-up in the list, and one more for each
//     principal that is set; the same again if it sends a cookie, and a write
//     if the session ends or changes its id. A visitor without a session costs none.
//   - An entry is some 100 bytes and stays until the last cookie of its session
//     has expired, at most idle timeout or absolute deadline; one of DestroyBy
//     or of Destroy by id, 400 days. So that it need not stay longer, a session
//     ends 400 days after it began, whatever the timeouts and SetMaxAge say.
//   - The processes' clocks should agree: a session that a slow clock began just
//     after DestroyBy may count as begun before it.
//
// What the list can't give: updates that are not lost, Claim, FindBy. And the
// browser keeps the response that arrives last: one that was sent just before
// the session ended, and arrives after that, puts the dead cookie back over a
// new one.
//
// An application that has such an instant itself, as when a user's password was
// changed, needs no list to end the sessions from before it: see [NotBefore].
// Both can be had together.
//
// # Times
//
// Times hold: the record inside has those of issue and expiry, and the runtime
// enforces them from there, never from the cookie's Max-Age, which the client
// can ignore.
//
// # Rotation of keys
//
// The first key seals, every key opens, and a session that another than the
// first has opened is sealed anew with the next response. To replace a key
// without ending a session, in three roll-outs:
//
//  1. Append the new key: "old,new". Every server can now open what the
//     new key will seal. Wait until all servers run with it.
//  2. Put it first: "new,old". Sessions go over to the new key as they
//     are used.
//  3. Remove the old key, "new", once the absolute timeout has passed since
//     all servers run with step 2: 30 days by default, or the longest SetMaxAge
//     if that is more.
//
// A key that has leaked is removed at once: who has it can forge any session. All
// sessions that it sealed end thereby.
//
// A [runtime.Key] prints as its id, such as Key(73c4d6), which tells in a log with
// which keys a server runs.
//
// # Format of a token
//
// Version 1, before base64:
//
//	offset  length  content
//	     0       1  version, 1
//	     1       3  key id: HKDF(key, "sessiongen key: id"), its first 3 bytes
//	     4      24  nonce, random for each token
//	    28       n  ciphertext of the n bytes of the record
//	  28+n      16  tag
//
// The token is that in base64url without padding (RFC 4648 section 5): 4/3 of 44+n
// bytes, rounded up. Ciphertext and tag are XChaCha20-Poly1305
// (draft-irtf-cfrg-xchacha-03, over RFC 8439) with
//
//	key              HKDF(key, "sessiongen key: cookiestore"), 32 bytes
//	nonce            bytes 4 to 27
//	additional data  "sessiongen sealed session", a zero byte, the cookie's
//	                 name without "__Host-" or "__Secure-", a zero byte, and
//	                 bytes 0 to 3
//
// where HKDF(key, info) is HKDF-SHA256 (RFC 5869) of the 32 bytes of the key
// without salt; [runtime.Key.Derive] is the same. The nonce is long enough to be
// random for any number of tokens, unlike the 12 bytes of AES-GCM, which under
// one key are used up after 2^32 of them (NIST SP 800-38D section 8.3).
//
// The additional data binds a token to its purpose (OWASP ASVS 5.0, 9.2): one
// from another cookie of the same application does not open. Two applications
// that shall not open each other's sessions have different keys.
//
// A token opens only in the one form in which it is sealed: unused bits of the
// last character are zero, and nothing precedes or follows. The file
// testdata/vectors.json lists keys, records and tokens to check another
// implementation with.
package cookiestore
