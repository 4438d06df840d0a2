package redisstore

import (
	"strconv"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// FuzzHead: whatever is under a key, its header is read as the runtime reads it.
func FuzzHead(f *testing.F) {
	for _, seed := range []string{"", "\x01", "\x02" + string(make([]byte, 40)), "\x01" + string(make([]byte, 31)), "{\"cookie\":{\"expires\":null},\"user\":1234567890}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h := readHead(data)
		if h.known != (len(data) >= headerSize && data[0] == 1) || h.tomb && len(data) != headerSize {
			t.Fatalf("%+v", h)
		}
		if !h.known {
			if h != (head{}) {
				t.Fatalf("%+v of no record", h)
			}
			return
		}
		if h.expires < 0 || h.expires >= 1<<48 || h.idle < 0 || h.idle >= 1<<39 {
			t.Fatalf("%+v is out of range", h)
		}
		if string(expiresBytes(fromMillis(h.expires))) != string(data[offExpires:offExpires+6]) {
			t.Fatalf("the expiry is written otherwise than it was read")
		}
		if string(stampBytes(runtime.RecordStamp(data))) != string(data[offStamp:offStamp+8]) {
			t.Fatalf("the stamp is written otherwise than it was read")
		}
		if b := boundOf(h); b > boundNever || b != boundNever && b*hour <= h.expires || h.expires == 0 && b != boundNever {
			t.Fatalf("bound %d of %+v", b, h)
		}
	})
}

// FuzzMembers: whatever a sorted set holds, only scores that the store can have
// written are taken for its own.
func FuzzMembers(f *testing.F) {
	f.Add("key", "4080439500000000", int64(1790000000000))
	f.Add("", "-1", int64(0))
	f.Add("x", "0.5", int64(5))
	f.Add("x", "inf", int64(5))
	f.Add("x", "1e300", int64(-5))
	f.Fuzz(func(t *testing.T, key, score string, now int64) {
		for _, m := range parsePage([]string{key, score, "odd"}) {
			if m.key != key || m.score < 0 || m.score >= 1<<53 {
				t.Fatalf("%+v of %q", m, score)
			}
			if age := m.age(now); age < 0 || age > addedMask {
				t.Fatalf("age %d", age)
			}
			if back, err := strconv.ParseFloat(strconv.FormatInt(m.score, 10), 64); err != nil || int64(back) != m.score {
				t.Fatalf("%d is sent as %v", m.score, back)
			}
		}
	})
}

// FuzzInfo: whatever a server says of itself, its version is compared.
func FuzzInfo(f *testing.F) {
	f.Add("# Server\r\nredis_version:7.0.15\r\nrole:master\r\n")
	f.Add("redis_version:6")
	f.Add(":\n::\nredis_version:x.y")
	f.Fuzz(func(t *testing.T, said string) {
		v := parseInfo(said)["redis_version"]
		if before(v, v+".0") && before(v+".0", v) {
			t.Fatalf("%q", v)
		}
	})
}

func TestBefore(t *testing.T) {
	for version, want := range map[string]bool{
		"6.2": false, "6.2.0": false, "6.2.19": false, "7.0.15": false, "8.4": false, "10.0.0": false, "255.255.255": false,
		"6.0.16": true, "5.0.14": true, "2.8": true, "6": true, "unknown": true,
	} {
		if got := before(version, oldest); got != want {
			t.Errorf("%s is too old: %v", version, got)
		}
	}
}

// TestAge: the time of adding is kept modulo 99 days, and one that is to come, by
// a clock that is ahead, is not long ago.
func TestAge(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
	at := func(added int64) member { return member{score: 5<<addedBits | added&addedMask} }
	for ago, want := range map[int64]int64{0: 0, 1: 1, hour: hour, -1: 0, -hour: 0, 40 * 24 * hour: 40 * 24 * hour} {
		if got := at(now - ago).age(now); got != want {
			t.Errorf("added %d ms ago: age %d", ago, got)
		}
	}
}
