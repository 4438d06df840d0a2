package apps

import (
	"fmt"
	"testing"

	"github.com/sessiongen/sessiongen/bench/workload"
)

// What is measured does what it says: every application logs in, counts and
// logs out, in process and over HTTP.
func TestApps(t *testing.T) {
	for _, make := range []func() (*App, error){
		Memory, Sealed, MemoryLimit, SealedLimit, SCS, GorillaCookies,
		func() (*App, error) { return GorillaFiles(t.TempDir()) },
	} {
		a, err := make()
		if err != nil {
			t.Fatal(err)
		}
		t.Run(a.Name, func(t *testing.T) {
			defer a.Close()
			c, err := NewClient(a)
			if err != nil {
				t.Fatal(err)
			}
			want := workload.Sample().Visits
			for range 3 {
				if rec := c.Do(a.Full); rec.Code != 204 {
					t.Fatalf("full: %d %s", rec.Code, rec.Body)
				}
				want++
			}
			c.Do(a.Read)
			if n, err := c.Count(a); err != nil || n != want {
				t.Errorf("%d visits, %v; want %d", n, err, want)
			}
			c.Do(a.Logout)
			if n, err := c.Count(a); err != nil || n != 0 {
				t.Errorf("%d visits after the logout, %v", n, err)
			}
		})
	}
}

func TestServers(t *testing.T) {
	memory, err := Memory()
	if err != nil {
		t.Fatal(err)
	}
	for _, serve := range []func() (*Server, error){
		func() (*Server, error) { return Serve(memory) },
		func() (*Server, error) { return ServeFiber(NewFiber()) },
	} {
		s, err := serve()
		if err != nil {
			t.Fatal(err)
		}
		t.Run(s.Name, func(t *testing.T) {
			b := NewBrowser()
			defer b.Close()
			for _, path := range []string{"/login", "/full", "/read"} {
				if status, body, err := b.Get(s, path, true); status != 204 || err != nil {
					t.Fatalf("%s: %d %q %v", path, status, body, err)
				}
			}
			if n, err := b.Visits(s); err != nil || n != workload.Sample().Visits+1 {
				t.Errorf("%d visits, %v", n, err)
			}
			b.Close()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestByHand(t *testing.T) {
	want := workload.Sample()
	data := workload.AppendByHand(nil, &want)
	var got workload.Record
	if !workload.ReadByHand(data, &got) || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for n := range data {
		if workload.ReadByHand(data[:n], &workload.Record{}) {
			t.Errorf("the first %d of %d bytes read", n, len(data))
		}
	}
}
