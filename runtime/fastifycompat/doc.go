// Package fastifycompat shares live sessions with @fastify/secure-session: a Go
// program and a Fastify or NestJS application read and write the same sealed
// cookie, so that routes move from one to the other and nobody is logged out.
//
//	key, err := fastifycompat.ReadKeyFile("secret-key")
//	...
//	store := fastifycompat.New(fastifycompat.Options{
//		Keys:   runtime.Keyring{key},
//		Cookie: fastifycompat.Cookie{Path: "/", Secure: fastifycompat.SecureOn},
//	})
//	sessions, err := shop.NewSessions(store, runtime.Config{})
//
// Wire names are the keys of the JSON: a field that Node knows as
// session.userId is tagged session:"userId". What Go does not know, a key or a
// member of a nested object, stays when Go writes the session. How Go values are
// written, and what is read:
//
//	integers            a number up to 2^53-1, beyond it a string of digits (BigInt)
//	floats              as JavaScript prints them; NaN and infinities are an error
//	string              text; a lone surrogate is kept, other invalid UTF-8 an error
//	time.Time           what Date.toJSON writes; a number of milliseconds stays one
//	time.Duration       milliseconds
//	[]byte, [N]byte     base64; a Buffer's JSON stays one
//	MarshalText         a string, before MarshalBinary, which is base64
//	slice, map, struct  array, object, object; nil is null
//
// docs/moving-from-fastify.md goes step by step.
//
// # What the cookie can't promise
//
// All that package cookiestore says of sealed cookies: a copy opens until its
// end, also after a logout; of parallel requests the last response wins; Claim,
// FindBy, DestroyBy, Load, Update and Destroy by id have no server to ask. Also,
// since Node programs write it too:
//   - There is no id. ID returns "", Renew and a login send a new cookie, and the
//     old one opens until its end; there is no list of ended sessions.
//   - There is no absolute deadline: each program that sets something moves the
//     session's end by Expiry, without end. Config.AbsoluteTimeout and
//     Config.IdleTimeout must be 0. CreatedAt is the zero time.
//   - Fields that lapse (ttl=) and SetMaxAge are noted in a member "__sessiongen",
//     which Node carries along and does not enforce; regenerate removes it.
//     SetMaxAge sets the cookie's Max-Age and must not be longer than Expiry.
//   - While a field has older names (was=), both are written, and the older one
//     counts where they differ.
//   - A nested object that Node changes without session.set is lost in Node, as
//     always. What Go changes in place is saved.
//
// # What is different on purpose
//
//   - A cookie over 4096 bytes is an error ([runtime.ErrTooLarge]), and the
//     response has none. Node sends it and browsers drop it.
//   - A sealed text that is no JSON object is reported, and a new session. Node
//     answers 500 to every request of that visitor.
//   - A cookie that does not open, most often for want of a key, is logged as a
//     warning, once a minute and reason. Node logs for debugging only.
//   - What browsers would drop is an error at the start: SameSite None or
//     Partitioned without Secure, a __Host- name without Path "/". So is each key of
//     a wrong length, a bad Domain, a Secret beside Keys.
//   - Destroy of a session that was not there sends no cookie.
//   - Of a response that did not use the session nothing is sent, also in a
//     rotation.
//
// What else the plugin does has these names:
//
//	session.get, set            the accessors; session.data() is All
//	session.touch()             Touch
//	session.delete()            Destroy
//	session.regenerate()        Destroy, then [runtime.StoreEmpty]; to keep
//	                            values, set them again after Destroy
//	session.options(o)          [EditCookie]
//	session.changed = false     [runtime.Abandon]
//	encodeSecureSession         Sessions.Create and Sessions.Token
//	decodeSecureSession         Sessions.Open
//	genkey                      the same, [ReadKeyFile] reads what it printed
//
// # Format
//
// The value is, percent-encoded as by encodeURIComponent,
//
//	base64(box) ";" base64(nonce)
//
// in base64 of RFC 4648 section 4 with padding. The nonce is 24 random bytes, the
// box XSalsa20-Poly1305 as in NaCl's secretbox: the tag of 16 bytes, then the
// ciphertext. It holds JSON in UTF-8: an object with the session's keys and __ts,
// the Unix time in seconds, rounded, at which the session was last set or touched.
// A session has ended when (__ts + expiry) * 1000 <= now; one without __ts, from
// before release 7.3, has no end until it is written. The key is 32 bytes, or
// Argon2id version 1.3 of a secret and a salt of 16 bytes with 3 passes, 256 MiB
// and one lane. The first of several keys seals; a session that another one has
// opened is sealed anew with the next response that used it, with the same __ts.
//
// A signed cookie has "." and the HMAC-SHA256 of the value before percent-encoding
// behind it, in base64 without padding. The secret is that of @fastify/cookie, or the
// plugin's: the option secret, or the BLAKE2b-256 of the first key in hexadecimal. A
// cookie without signature is accepted.
//
// Sources: @fastify/secure-session 8.4.0, @fastify/cookie 11.1.5 with cookie 2.0.2,
// libsodium's secretbox and pwhash. testdata/secure-session.json has cookies that
// they and older releases made.
package fastifycompat
