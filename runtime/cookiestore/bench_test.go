package cookiestore

import (
	"crypto/rand"
	"testing"

	"github.com/sessiongen/sessiongen/runtime"
)

// recordSize is the length of the record of the project's benchmarks.
const recordSize = 265

func BenchmarkSeal(b *testing.B) {
	s := bind(b, "session", runtime.GenerateKey())
	data := make([]byte, recordSize)
	rand.Read(data)
	dst := make([]byte, 0, 2*maxToken)
	b.ReportAllocs()
	for b.Loop() {
		s.Seal(dst, data)
	}
}

func BenchmarkOpen(b *testing.B) {
	s := bind(b, "session", runtime.GenerateKey())
	data := make([]byte, recordSize)
	rand.Read(data)
	token := seal(b, s, data)
	b.ReportAllocs()
	for b.Loop() {
		s.Open(token)
	}
}

// A visitor with another application's cookie, or an attacker.
func BenchmarkOpenForged(b *testing.B) {
	token := seal(b, bind(b, "other", runtime.GenerateKey()), make([]byte, recordSize))
	s := bind(b, "session", runtime.GenerateKey())
	b.ReportAllocs()
	for b.Loop() {
		s.Open(token)
	}
}
