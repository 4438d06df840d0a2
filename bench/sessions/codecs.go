package sessions

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"time"

	"github.com/sessiongen/sessiongen/bench/measure"
	"github.com/sessiongen/sessiongen/bench/table"
	"github.com/sessiongen/sessiongen/bench/workload"
	"github.com/sessiongen/sessiongen/runtime"
)

// codecs measures a session's way to bytes and back.
func codecs(ctx context.Context, s size) ([]row, *table.Table, error) {
	record := workload.Sample()
	var session workload.Session
	workload.Fill(&session)
	f := session.SessionFields()
	now := time.Now()
	meta := runtime.Meta{Stamp: 1, Created: now.UnixMilli(), Expires: now.Add(time.Hour).UnixMilli()}

	hand := workload.AppendByHand(nil, &record)
	msgp, err := record.MarshalMsg(nil)
	if err != nil {
		return nil, nil, err
	}
	var gobbed bytes.Buffer
	if err := gob.NewEncoder(&gobbed).Encode(&record); err != nil {
		return nil, nil, err
	}
	ours, err := runtime.AppendRecord(nil, &meta, f)
	if err != nil {
		return nil, nil, err
	}

	buf := make([]byte, 0, 1024)
	enc := measure.InTurns(ctx, s.rounds, s.slice,
		measure.Contender{Name: "limit", Run: func(n int) {
			for range n {
				buf = workload.AppendByHand(buf[:0], &record)
			}
		}},
		measure.Contender{Name: "msgp", Run: func(n int) {
			for range n {
				buf, _ = record.MarshalMsg(buf[:0])
			}
		}},
		measure.Contender{Name: "gob", Run: func(n int) {
			for range n {
				gobbed.Reset()
				if err := gob.NewEncoder(&gobbed).Encode(&record); err != nil {
					panic(err)
				}
			}
		}},
		measure.Contender{Name: "ours", Run: func(n int) {
			for range n {
				buf, _ = runtime.AppendRecord(buf[:0], &meta, f)
			}
		}})
	dec := measure.InTurns(ctx, s.rounds, s.slice,
		measure.Contender{Name: "limit", Run: func(n int) {
			for range n {
				var v workload.Record
				if !workload.ReadByHand(hand, &v) {
					panic("the limit can't read what it wrote")
				}
			}
		}},
		measure.Contender{Name: "msgp", Run: func(n int) {
			for range n {
				var v workload.Record
				if _, err := v.UnmarshalMsg(msgp); err != nil {
					panic(err)
				}
			}
		}},
		measure.Contender{Name: "gob", Run: func(n int) {
			data := bytes.Clone(gobbed.Bytes())
			for range n {
				var v workload.Record
				if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&v); err != nil {
					panic(err)
				}
			}
		}},
		measure.Contender{Name: "ours", Run: func(n int) {
			for range n {
				v := new(workload.Session)
				if err := runtime.ReadRecord(ours, &meta, v.SessionFields(), now); err != nil {
					panic(err)
				}
			}
		}})
	return []row{{
		what:  "encode",
		limit: fmt.Sprintf("%s, %d B", table.Nanos(enc[0].Nanos), len(hand)),
		peer:  fmt.Sprintf("msgp %s, %d B; gob %s, %d B", table.Nanos(enc[1].Nanos), len(msgp), table.Nanos(enc[2].Nanos), gobbed.Len()),
		ours:  fmt.Sprintf("%s, %d B", table.Nanos(enc[3].Nanos), len(ours)),
		bound: "0.7 of msgp, 265 B",
		holds: enc[3].Nanos <= 0.7*enc[1].Nanos && len(ours) <= 265,
	}, {
		what:  "decode",
		limit: fmt.Sprintf("%s, %.0f allocations", table.Nanos(dec[0].Nanos), dec[0].Allocs),
		peer:  fmt.Sprintf("msgp %s, %.0f; gob %s, %.0f", table.Nanos(dec[1].Nanos), dec[1].Allocs, table.Nanos(dec[2].Nanos), dec[2].Allocs),
		ours:  fmt.Sprintf("%s, %.0f", table.Nanos(dec[3].Nanos), dec[3].Allocs),
		bound: "0.75 of msgp, 4 allocations",
		holds: dec[3].Nanos <= 0.75*dec[1].Nanos && dec[3].Allocs < 4.5,
	}}, nil, nil
}
