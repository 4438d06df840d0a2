package generator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// sample is what one run of a program took.
type sample struct {
	wall time.Duration
	cpu  time.Duration // of it and of the programs that it ran
	peak int64         // bytes of memory of the largest of these, 0 where the system does not tell
	said []byte        // its standard error
}

// program is a command line and where it runs.
type program struct {
	dir  string
	args []string
}

// start runs p to its end.
func (p program) start(ctx context.Context) (sample, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "PWD="+p.dir)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	s := sample{wall: time.Since(began), said: stderr.Bytes()}
	if err != nil {
		return s, errors.Join(fmt.Errorf("%s in %s: %w\n%s", strings.Join(p.args, " "), p.dir, err, stderr.Bytes()), ctx.Err())
	}
	s.cpu = cmd.ProcessState.SystemTime() + cmd.ProcessState.UserTime()
	s.peak = peakMemory(cmd.ProcessState)
	return s, nil
}
