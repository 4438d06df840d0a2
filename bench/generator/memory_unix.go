//go:build linux || darwin

package generator

import (
	"os"
	"runtime"
	"syscall"
)

// peakMemory is the greatest resident size of a process or of a child that it
// waited for. On Linux a process counts what its parent held when it was
// started, which is why this program keeps small.
func peakMemory(p *os.ProcessState) int64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin":
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}
