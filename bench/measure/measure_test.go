package measure

import (
	"testing"
	"time"
)

var kept []byte

func TestInTurns(t *testing.T) {
	var order []string
	job := func(name string, bytes int) Contender {
		return Contender{name, func(n int) {
			order = append(order, name)
			for range n {
				kept = make([]byte, bytes)
			}
		}}
	}
	results := InTurns(t.Context(), 4, time.Millisecond, job("small", 64), job("large", 64<<10))
	if len(results) != 2 || results[0].Name != "small" || results[1].Name != "large" {
		t.Fatal(results)
	}
	for i, bytes := range []float64{64, 64 << 10} {
		r := results[i]
		if r.Bytes < bytes || r.Bytes > 1.5*bytes || r.Allocs < 0.99 || r.Allocs > 2 || r.Nanos <= 0 {
			t.Errorf("%+v", r)
		}
	}
	last := order[len(order)-8:]
	for i, want := range []string{"small", "large", "large", "small", "small", "large", "large", "small"} {
		if last[i] != want {
			t.Errorf("the rounds ran in the order %v", last)
			break
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := Median(c.values); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}

func TestHeap(t *testing.T) {
	before := Heap()
	kept = make([]byte, 8<<20)
	if grown := Heap() - before; grown < 8<<20-64<<10 || grown > 9<<20 {
		t.Errorf("8 MiB count as %d bytes", grown)
	}
	kept = nil
}
