package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// processes are the programs that this one has started, and ends.
type processes []*exec.Cmd

func (p *processes) end() {
	for _, cmd := range *p {
		cmd.Process.Kill()
		cmd.Wait()
	}
}

// start starts a program and waits until it listens at addr.
func (p *processes) start(cmd *exec.Cmd, addr string) error {
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	*p = append(*p, cmd)
	for range 600 {
		if listens(addr) {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("%s does not listen at %s", cmd.Path, addr)
}

// redis returns where a Redis listens: at addr, or a new one.
func (p *processes) redis(addr string) (string, error) {
	if listens(addr) {
		return addr, nil
	}
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", fmt.Errorf("nothing answers at %s and there is no redis-server: install it, or say where a Redis is with -redis", addr)
	}
	if addr, err = freeAddr(); err != nil {
		return "", err
	}
	_, port, _ := net.SplitHostPort(addr)
	return addr, p.start(exec.Command(program, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no"), addr)
}

// express starts the shop in Express and returns where it listens. Its packages
// are installed if they are not there.
func (p *processes) express(redisAddr string, secrets []string, prefix string) (string, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return "", fmt.Errorf("there is no node: install Node 20 or later")
	}
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "express")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		install := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		install.Dir, install.Stdout, install.Stderr = dir, os.Stderr, os.Stderr
		if err := install.Run(); err != nil {
			return "", fmt.Errorf("npm ci in %s: %w", dir, err)
		}
	}
	addr, err := freeAddr()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(node, "server.js")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LISTEN="+addr, "REDIS_URL=redis://"+redisAddr, "SESSION_SECRET="+strings.Join(secrets, ","), "SESSION_PREFIX="+prefix)
	return addr, p.start(cmd, addr)
}

func listens(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
