// Package measure times contenders side by side: in turns, several rounds,
// medians, so that what the machine does meanwhile hits all alike.
package measure

import (
	"context"
	"runtime"
	"slices"
	"time"
)

// Contender is one way to do a job.
type Contender struct {
	Name string
	Run  func(n int) // does the job n times
}

// Result is what one contender took for a job.
type Result struct {
	Name   string
	Time   time.Duration // the median of the rounds, rounded to what one nanosecond can say
	Nanos  float64       // the same, with its fraction
	Bytes  float64       // allocated
	Allocs float64
}

// Slice is how long a contender runs in one round.
const Slice = 60 * time.Millisecond

// Rounds is how many rounds there are if nobody says.
const Rounds = 11

// InTurns runs every contender in each of so many rounds, 0 for [Rounds], each
// time another one first. It stops early when ctx ends.
func InTurns(ctx context.Context, rounds int, slice time.Duration, contenders ...Contender) []Result {
	if rounds == 0 {
		rounds = Rounds
	}
	counts := make([]int, len(contenders))
	times := make([][]float64, len(contenders))
	out := make([]Result, len(contenders))
	for i, c := range contenders {
		counts[i] = calibrate(c, slice)
		out[i] = Result{Name: c.Name}
		out[i].Bytes, out[i].Allocs = allocations(c, max(counts[i]/4, 1))
	}
	for round := range rounds {
		if ctx.Err() != nil && round > 0 {
			break
		}
		for k := range contenders {
			i := (k + round) % len(contenders)
			runtime.GC()
			start := time.Now()
			contenders[i].Run(counts[i])
			times[i] = append(times[i], float64(time.Since(start))/float64(counts[i]))
		}
	}
	for i := range out {
		out[i].Nanos = Median(times[i])
		out[i].Time = time.Duration(out[i].Nanos)
	}
	return out
}

// calibrate returns how often a contender does its job in a slice.
func calibrate(c Contender, slice time.Duration) int {
	for n := 1; ; n *= 4 {
		start := time.Now()
		c.Run(n)
		if took := time.Since(start); took >= slice/8 || n >= 1<<30 {
			return max(1, int(float64(n)*float64(slice)/float64(max(took, 1))))
		}
	}
}

// allocations returns bytes and allocations of one job.
func allocations(c Contender, n int) (bytes, allocs float64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c.Run(n)
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / float64(n), float64(after.Mallocs-before.Mallocs) / float64(n)
}

// Median returns the middle of values, 0 of none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// Heap returns the bytes of live objects.
func Heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
