package generator

import (
	"fmt"
	"runtime"
	"time"

	"github.com/sessiongen/sessiongen/bench/table"
)

func (r *runs) report(s size) ([]table.Table, error) {
	scale := float64(wall(r.one.lists)) / float64(listTime)
	scaled := func(bound time.Duration) time.Duration { return time.Duration(scale * float64(bound)) }

	whole := table.Table{
		Title:   "sessiongen, whole runs",
		Columns: []string{"run", "go list", "sessiongen", "ratio", "bound", "holds", "CPU ratio", "memory", "bound", "holds"},
		Notes: []string{
			fmt.Sprintf("Medians of %d rounds, warm; memory is the greatest of all rounds. %s/%s, %s, %d CPUs.", s.rounds, runtime.GOOS, runtime.GOARCH, runtime.Version(), runtime.NumCPU()),
			fmt.Sprintf("Bounds are for a machine where go list of one package takes %v, and scaled by %.2f to this one.", listTime, scale),
		},
	}
	touched, checked := 0, 0
	for _, row := range []struct {
		*contest
		bound time.Duration // 0 for none
	}{
		{&r.one, 150 * time.Millisecond},
		{&r.tool, 250 * time.Millisecond},
		{&r.first, 0},
		{&r.edited, 0},
		{&r.shops, 250 * time.Millisecond},
		{&r.city, time.Second},
	} {
		took, most := wall(row.samples[0]), peak(row.samples[0])
		bound, held := "", ""
		if row.bound > 0 {
			bound, held = ms(scaled(row.bound)), holds(took <= scaled(row.bound))
		}
		whole.Add(row.name, ms(wall(row.lists)), ms(took), ratio(took, wall(row.lists)), bound, held,
			ratio(cpu(row.samples[0]), cpu(row.lists)), mb(most), mb(maxPeak), fits(most))
		if row.dir != "" {
			touched += row.touched
			checked += len(row.samples[0])
		}
	}
	whole.Notes = append(whole.Notes, fmt.Sprintf("Runs that had nothing to do and touched a file: %d of %d (bound: 0, by time and inode).", touched, checked))

	if busy := float64(wall(r.one.lists)) / float64(cpu(r.one.lists)); busy > 1.2 {
		whole.Notes = append(whole.Notes, fmt.Sprintf("The machine was busy: go list took %.1f times its CPU time. Look at the CPU ratio, or measure again.", busy))
	}

	alone := table.Table{
		Title:   "sessiongen, its own work after loading",
		Columns: []string{"run", "own work", "bound", "holds", "memory", "bound", "holds"},
		Notes:   []string{"Model, code, formatting and comparing, as sessiongen -v prints it."},
	}
	for _, row := range []struct {
		*contest
		bound time.Duration
	}{
		{&r.few, 10 * time.Millisecond},
		{&r.wide, 50 * time.Millisecond},
	} {
		took, err := own(row.samples[0])
		if err != nil {
			return nil, err
		}
		most := peak(row.samples[0])
		alone.Add(row.name, ms(took), ms(scaled(row.bound)), holds(took <= scaled(row.bound)), mb(most), mb(maxPeak), fits(most))
	}

	beside := table.Table{
		Title:   "sessiongen beside other generators, one package that imports net/http",
		Columns: []string{"generator", "time", "to go list", "CPU ratio", "memory"},
		Notes:   []string{"Each does what it is for: they compare what loading a package costs."},
	}
	row := func(name string, list, base []sample) {
		beside.Add(name, ms(wall(list)), ratio(wall(list), wall(base)), ratio(cpu(list), cpu(base)), mb(peak(list)))
	}
	row("go list", r.peers.lists, r.peers.lists)
	row("sessiongen, 8 fields", r.one.samples[0], r.one.lists)
	for i, name := range []string{"stringer, one type", "moq, one interface", "goverter, one method"} {
		row(name, r.peers.samples[i], r.peers.lists)
	}
	return []table.Table{whole, alone, beside}, nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.1f", float64(a)/float64(b)) }

func mb(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%d MB", n>>20)
}

func fits(peak int64) string {
	if peak == 0 {
		return "-"
	}
	return holds(peak <= maxPeak)
}

func holds(ok bool) string {
	if ok {
		return "yes"
	}
	return "NO"
}
