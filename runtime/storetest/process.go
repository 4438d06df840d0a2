package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// processEnv tells a test binary that it is a second process, and of what.
const processEnv = "SESSIONGEN_STORETEST_PROCESS"

// setup is what a second process is told when it starts.
type setup struct {
	Test  string            // whose Run it takes part in
	Run   int               // which Run of that test
	Addr  string            // where the first process listens for it
	Place string            // where the store is
	Known map[string]string // what Once returned
}

// job is what the second process is asked to do at the place.
type job struct {
	Name   string
	Key    string
	Keys   []string
	Token  string
	First  int // the number of the first client
	Number int
}

// reply is what came of a job, or of one step of it.
type reply struct {
	Step     bool // another one follows
	Failures []string
	Keys     []string
	Issued   []string // tokens that clients were sent
	Ended    []string // tokens whose session was ended
}

// jobs are what a second process can do.
var jobs map[string]func(k *kit, j job, step func(reply)) reply

func init() { jobs = allJobs() }

// second is the setup of this process, nil in the first one.
var second = sync.OnceValue(func() *setup {
	text := os.Getenv(processEnv)
	if text == "" {
		return nil
	}
	s := new(setup)
	if err := json.Unmarshal([]byte(text), s); err != nil {
		panic(fmt.Sprintf("storetest: %s: %v", processEnv, err))
	}
	return s
})

var (
	knownMu sync.Mutex
	known   = make(map[string]string) // what Once returned, by test and name
	runs    = make(map[string]int)    // how many Runs a test has begun
)

// Once returns what find returns, and in a second process, see [Processes], what it
// returned in the first one: the address of a server that the test has started, or
// the directory that its files are in. One test's names differ.
func Once(tb testing.TB, name string, find func() string) string {
	tb.Helper()
	key := tb.Name() + "\n" + name
	if s := second(); s != nil {
		if value, ok := s.Known[key]; ok {
			return value
		}
	}
	value := find()
	knownMu.Lock()
	defer knownMu.Unlock()
	known[key] = value
	return value
}

// takePart numbers the Runs of a test, and tells whether this is a second process. In
// its own Run that one does what the first process asks for, and ends the test.
func takePart(t testing.TB, factory Factory, o *options) bool {
	knownMu.Lock()
	o.test, o.run = t.Name(), runs[t.Name()]
	runs[t.Name()]++
	knownMu.Unlock()
	t.Cleanup(func() {
		knownMu.Lock()
		defer knownMu.Unlock()
		delete(runs, o.test)
	})
	s := second()
	if s == nil {
		return false
	}
	if s.Test != o.test || s.Run != o.run {
		return true
	}
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	serveJobs(t, conn, factory, *o, s.Place)
	t.SkipNow()
	return true
}

// serveJobs does jobs until the first process has gone.
func serveJobs(t testing.TB, conn net.Conn, factory Factory, o options, place string) {
	notes := &notes{TB: t}
	k := newKitAt(notes, factory, o, place)
	in, out := json.NewDecoder(conn), json.NewEncoder(conn)
	if out.Encode(reply{Failures: notes.take()}) != nil {
		return
	}
	for {
		var j job
		if in.Decode(&j) != nil {
			return
		}
		var r reply
		done := make(chan struct{})
		go func() { // which a Fatalf ends
			defer close(done)
			r = jobs[j.Name](k, j, func(step reply) {
				step.Step = true
				out.Encode(step)
			})
		}()
		<-done
		r.Failures = notes.take()
		if out.Encode(r) != nil {
			return
		}
	}
}

// process is a second process, seen from the first.
type process struct {
	k    *kit
	cmd  *exec.Cmd
	done chan struct{}
	out  bytes.Buffer // what it printed, to be read when it is done
	conn net.Conn
	dec  *json.Decoder
}

// startTime is how long a second process may take to open the store.
const startTime = time.Minute

// newProcess runs this test binary once more. The process opens the kit's place and
// waits for jobs; it ends with the test.
func (k *kit) newProcess() *process {
	k.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		k.Fatal(err)
	}
	defer l.Close()
	knownMu.Lock()
	told, err := json.Marshal(setup{Test: k.test, Run: k.run, Addr: l.Addr().String(), Place: k.place, Known: known})
	knownMu.Unlock()
	if err != nil {
		k.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		k.Fatal(err)
	}
	p := &process{k: k, done: make(chan struct{})}
	p.cmd = exec.Command(program, secondArgs(os.Args[1:], k.test)...)
	p.cmd.Env = append(os.Environ(), processEnv+"="+string(told))
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		k.Fatal(err)
	}
	go func() {
		p.cmd.Wait()
		close(p.done)
		l.Close() // so that nobody waits for it
	}()
	k.Cleanup(p.end)
	l.(*net.TCPListener).SetDeadline(time.Now().Add(startTime))
	if p.conn, err = l.Accept(); err != nil {
		p.end()
		k.Fatalf("the second process did not come to Run in %s: %v\n%s", k.test, err, p.out.String())
	}
	p.dec = json.NewDecoder(p.conn)
	p.wait(nil)
	return p
}

// secondArgs are the arguments of a second process: the one test, and those of the
// first process that are not the testing package's.
func secondArgs(args []string, test string) []string {
	var pattern []string
	for _, part := range strings.Split(test, "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(part)+"$")
	}
	second := []string{"-test.run=" + strings.Join(pattern, "/"), "-test.timeout=10m"}
	for _, arg := range args {
		if !strings.HasPrefix(strings.TrimLeft(arg, "-"), "test.") {
			second = append(second, arg)
		}
	}
	return second
}

// end lets the process end, and after a while makes it.
func (p *process) end() {
	if p.conn != nil {
		p.conn.Close()
	}
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		p.kill()
	}
}

// kill ends the process at once, as a crash does.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// begin has the process begin a job, whose outcome wait returns.
func (p *process) begin(j job) {
	p.k.Helper()
	if err := json.NewEncoder(p.conn).Encode(j); err != nil {
		p.k.Errorf("the second process: %v", err)
	}
}

// wait returns what came of a job. Its steps are given to step, which ends the
// waiting by returning false.
func (p *process) wait(step func(reply) bool) reply {
	p.k.Helper()
	for {
		var r reply
		p.conn.SetReadDeadline(time.Now().Add(2 * p.k.patience))
		if err := p.dec.Decode(&r); err != nil {
			p.k.Errorf("the second process has gone, or hangs: %v", err)
			return r
		}
		for _, failure := range r.Failures {
			p.k.Errorf("in the second process: %s", failure)
		}
		if !r.Step || step != nil && !step(r) {
			return r
		}
	}
}

// do has the process do a job.
func (p *process) do(j job) reply {
	p.k.Helper()
	p.begin(j)
	return p.wait(nil)
}
