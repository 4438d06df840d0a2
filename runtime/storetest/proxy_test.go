package storetest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// echo is a server that answers with what it gets, and notes that.
type echo struct {
	mu  sync.Mutex
	got bytes.Buffer
}

func (e *echo) start(t *testing.T) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer conn.Close()
				io.Copy(conn, io.TeeReader(conn, e))
			})
		}
	})
	t.Cleanup(func() { l.Close(); work.Wait() })
	return l.Addr().String()
}

func (e *echo) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.got.Write(b)
}

// gets waits until the server has got this and nothing else, and forgets it.
func (e *echo) gets(t *testing.T, want string) {
	t.Helper()
	var got string
	for range 1000 {
		e.mu.Lock()
		got = e.got.String()
		e.mu.Unlock()
		if len(got) >= len(want) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if got != want {
		t.Errorf("the server got %q, want %q", got, want)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.got.Reset()
}

func TestProxy(t *testing.T) {
	var server echo
	p := NewProxy(t, server.start(t))
	dial := func() net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(time.Minute))
		return conn
	}
	send := func(conn net.Conn, text string) {
		t.Helper()
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	answers := func(conn net.Conn, text string) {
		t.Helper()
		send(conn, text)
		buf := make([]byte, len(text))
		if _, err := io.ReadFull(conn, buf); err != nil || string(buf) != text {
			t.Errorf("the answer is %q, %v, want %q", buf, err, text)
		}
		server.gets(t, text)
	}
	breaks := func(conn net.Conn) {
		t.Helper()
		if n, err := conn.Read(make([]byte, 10)); n > 0 || err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%d bytes are read, and the error is %v, want a reset", n, err)
		}
	}

	conn := dial()
	answers(conn, "abcd")
	p.Set(ResetCommand)
	send(conn, "command.")
	breaks(conn)
	server.gets(t, "comm")

	p.Set(LoseAnswer)
	conn = dial()
	send(conn, "command.")
	breaks(conn)
	server.gets(t, "command.")

	p.Once(LoseAnswer, 1)
	conn, other := dial(), dial()
	answers(conn, "first")
	send(other, "second")
	breaks(other)
	server.gets(t, "second")
	answers(conn, "third")

	p.Once(ResetCommand, 2)
	answers(conn, "first")
	answers(conn, "second")
	send(conn, "third.")
	breaks(conn)
	server.gets(t, "thi")

	conn = dial()
	answers(conn, "abcd")
	p.Set(Refuse)
	breaks(conn)
	if c, err := net.Dial("tcp", p.Addr()); err == nil {
		c.Close()
		t.Error("a connection is not refused")
	} else if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Logf("the error of a refused connection: %v", err) // other systems have others
	}
	p.Set(Nothing)

	conn = dial()
	answers(conn, "abcd")
	p.Set(Silence)
	send(conn, "held")
	dial() // is accepted
	conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("silence is broken: %v", err)
	}
	server.gets(t, "")
	conn.Close() // what it has sent arrives all the same
	p.Set(Nothing)
	server.gets(t, "held")

	p.Delay(30 * time.Millisecond)
	conn = dial()
	begin := time.Now()
	answers(conn, "late")
	if took := time.Since(begin); took < 60*time.Millisecond {
		t.Errorf("a delay of 30 ms each way takes %v", took)
	}
}
