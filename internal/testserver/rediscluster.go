package testserver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// StartRedisCluster starts a private cluster of three masters, the first three of
// what it returns, and a replica of each, in the same order. A replica takes over
// about two seconds after its master has gone.
func StartRedisCluster(t testing.TB) (nodes []*Process) {
	t.Helper()
	const masters, slots = 3, 16384
	for range 2 * masters {
		nodes = append(nodes, startRedisAt(t, clusterAddr(t), "--cluster-enabled", "yes", "--cluster-node-timeout", "1500",
			"--cluster-config-file", "nodes.conf", "--appendonly", "yes", "--repl-diskless-sync-delay", "0"))
	}
	command := func(node *Process, format string, args ...any) string {
		t.Helper()
		answer, err := redisCommand(node.Addr, fmt.Sprintf(format, args...))
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	for i, node := range nodes {
		command(node, "CLUSTER SET-CONFIG-EPOCH %d", i+1)
		if i < masters {
			var all strings.Builder
			for slot := i * slots / masters; slot < (i+1)*slots/masters; slot++ {
				fmt.Fprintf(&all, " %d", slot)
			}
			command(node, "CLUSTER ADDSLOTS%s", all.String())
		}
		if i > 0 {
			host, port, _ := net.SplitHostPort(nodes[0].Addr)
			command(node, "CLUSTER MEET %s %s", host, port)
		}
	}
	until := func(what string, ready func() bool) {
		t.Helper()
		for end := time.Now().Add(startTime); !ready(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the cluster's nodes do not %s:\n%s", what, command(nodes[0], "CLUSTER NODES"))
			}
		}
	}
	all := func(has func(node *Process) bool) func() bool {
		return func() bool {
			for _, node := range nodes {
				if !has(node) {
					return false
				}
			}
			return true
		}
	}
	until("meet", all(func(node *Process) bool {
		return strings.Count(command(node, "CLUSTER NODES"), "connected") == len(nodes) &&
			!strings.Contains(command(node, "CLUSTER NODES"), "handshake")
	}))
	for i, node := range nodes[masters:] {
		command(node, "CLUSTER REPLICATE %s", command(nodes[i], "CLUSTER MYID"))
	}
	until("agree", all(func(node *Process) bool {
		return strings.Contains(command(node, "CLUSTER INFO"), "cluster_state:ok") &&
			strings.Count(command(node, "CLUSTER NODES"), " slave ")+strings.Count(command(node, "CLUSTER NODES"), ",slave ") == masters
	}))
	for _, node := range nodes[masters:] {
		until("replicate", func() bool { return strings.Contains(command(node, "INFO replication"), "master_link_status:up") })
	}
	return nodes
}

// clusterAddr returns a free address whose port plus 10000, where the nodes of a
// cluster talk to each other, is free too.
func clusterAddr(t testing.TB) string {
	t.Helper()
	for range 1000 {
		addr := FreeAddr(t)
		host, port, _ := net.SplitHostPort(addr)
		n, _ := strconv.Atoi(port)
		if n+10000 > 65535 {
			continue
		}
		if l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(n+10000))); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("no two free ports that are 10000 apart")
	return ""
}

// redisCommand sends one line and returns a simple or bulk answer.
func redisCommand(addr, line string) (string, error) {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(answerTime))
	if _, err := io.WriteString(conn, line+"\r\n"); err != nil {
		return "", err
	}
	r := bufio.NewReader(conn)
	head, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	head = strings.TrimRight(head, "\r\n")
	switch {
	case strings.HasPrefix(head, "$"):
		n, err := strconv.Atoi(head[1:])
		if err != nil {
			return "", fmt.Errorf("%s answered %q", addr, head)
		}
		body := make([]byte, n)
		_, err = io.ReadFull(r, body)
		return string(body), err
	case strings.HasPrefix(head, "-"):
		verb, _, _ := strings.Cut(line, " ")
		return "", fmt.Errorf("%s answered %q to %s", addr, head, verb)
	}
	return head, nil
}

// answerTime is how long a server that runs may take to answer. On a busy machine
// it is asked again.
const answerTime = 2 * time.Second
