package testserver

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// Process is a private server: a child process that ends with its test.
type Process struct {
	// Addr is where it listens.
	Addr string

	t      testing.TB
	name   string
	args   []string
	dir    string
	asUser string
	ready  func() error

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
	out  bytes.Buffer
}

// Settings say how to start a process.
type Settings struct {
	Program string
	Args    []string
	Dir     string       // its working directory
	AsUser  string       // the user that it runs as if the test runs as root; "" for the test's
	Addr    string       // where it will listen
	Ready   func() error // whether it answers; nil for a connection to Addr
}

// startTime bounds how long a server may take to answer.
const startTime = time.Minute

// Start starts a process and waits until it answers. It ends with the test.
func Start(t testing.TB, s Settings) *Process {
	t.Helper()
	p := &Process{Addr: s.Addr, t: t, name: s.Program, args: s.Args, dir: s.Dir, asUser: s.AsUser, ready: s.Ready}
	if p.ready == nil {
		p.ready = func() error {
			if !Listens(p.Addr) {
				return fmt.Errorf("nothing listens at %s", p.Addr)
			}
			return nil
		}
	}
	t.Cleanup(p.Kill)
	p.Restart()
	return p
}

// Restart starts the process again after Kill or Stop, and waits until it answers.
func (p *Process) Restart() {
	p.t.Helper()
	cmd := exec.Command(p.name, p.args...)
	cmd.Dir = p.dir
	p.mu.Lock()
	p.out.Reset()
	p.mu.Unlock()
	cmd.Stdout, cmd.Stderr = (*output)(p), (*output)(p)
	if err := runAs(cmd, p.asUser); err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan struct{})
	p.mu.Lock()
	p.cmd, p.done = cmd, done
	p.mu.Unlock()
	go func() {
		cmd.Wait()
		close(done)
	}()
	for end := time.Now().Add(startTime); ; {
		err := p.ready()
		if err == nil {
			return
		}
		select {
		case <-done:
			p.t.Fatalf("%s ended: %v\n%s", p.name, cmd.ProcessState, p.output())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s does not answer: %v\n%s", p.name, err, p.output())
		}
	}
}

// Kill ends the process at once, as a crash does, and waits for its end.
func (p *Process) Kill() { p.end(os.Kill, 0) }

// Stop ends the process as an operator does.
func (p *Process) Stop() { p.end(os.Interrupt, 20*time.Second) }

// end sends a signal, and after a time kills what is left.
func (p *Process) end(signal os.Signal, patience time.Duration) {
	p.mu.Lock()
	cmd, done := p.cmd, p.done
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	select {
	case <-done:
		return // its id may be that of another process
	default:
	}
	if signal == os.Kill {
		if pauseSignal != nil {
			cmd.Process.Signal(pauseSignal) // it starts no more children
		}
		children := family(cmd.Process.Pid)
		cmd.Process.Kill()
		for _, child := range children {
			child.Kill()
		}
	} else {
		cmd.Process.Signal(signal)
	}
	if patience > 0 {
		select {
		case <-done:
		case <-time.After(patience):
			cmd.Process.Kill()
		}
	}
	<-done
}

// Pause stops the process from running, without ending it: it holds its
// connections and answers nothing.
func (p *Process) Pause() { p.signal(pauseSignal) }

// Resume lets a paused process go on.
func (p *Process) Resume() { p.signal(resumeSignal) }

func (p *Process) signal(s os.Signal) {
	p.t.Helper()
	if s == nil {
		p.t.Skip("this system can't pause a process")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	for _, child := range family(p.cmd.Process.Pid) {
		child.Signal(s)
	}
}

// PID is the process's id.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

func (p *Process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// output keeps the last of what a process prints.
type output Process

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.out.Len() > 1<<16 {
		o.out.Reset()
	}
	return o.out.Write(b)
}
