package memstore

import (
	"context"
	"hash/maphash"
	"iter"
	"slices"
	"sync"

	"github.com/sessiongen/sessiongen/runtime"
)

// postings is a part of the index under a lock of its own, which is taken while
// a shard is locked and never the other way round. It goes by a hash of the index
// entry; the record has the entry itself, and Find looks there.
type postings struct {
	mu   sync.Mutex
	keys map[uint64]keySet
	peak int // the most that keys has held: a map never shrinks by itself
}

// keySet is the keys under one index entry. Most have one.
type keySet struct {
	one  words
	many map[words]struct{} // nil: only one
}

func (s *Store) postings(entry *runtime.IndexEntry) (*postings, uint64) {
	h := maphash.Bytes(s.seeds.first, entry.Sum[:]) ^ maphash.String(s.seeds.second, entry.Field)
	return &s.index[int(h)&(len(s.index)-1)], h
}

// setIndex makes index the entries under which e can be found. Its shard is
// locked.
func (s *Store) setIndex(e *entry, index []runtime.IndexEntry) {
	old := e.index()
	if slices.Equal(old, index) {
		return
	}
	for i := range old {
		if !slices.Contains(index, old[i]) {
			p, h := s.postings(&old[i])
			p.remove(h, e.words)
		}
	}
	for i := range index {
		if !slices.Contains(old, index[i]) {
			p, h := s.postings(&index[i])
			p.add(h, e.words)
		}
	}
	e.setIndex(slices.Clone(index))
}

func (p *postings) add(h uint64, w words) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keys == nil {
		p.keys = make(map[uint64]keySet)
	}
	set, ok := p.keys[h]
	switch {
	case !ok:
		set.one = w
	case set.many == nil:
		set.many = map[words]struct{}{set.one: {}, w: {}}
		set.one = words{}
	default:
		set.many[w] = struct{}{}
		return
	}
	p.keys[h] = set
	p.peak = max(p.peak, len(p.keys))
}

func (p *postings) remove(h uint64, w words) {
	p.mu.Lock()
	defer p.mu.Unlock()
	set, ok := p.keys[h]
	if !ok {
		return
	}
	if delete(set.many, w); len(set.many) > 0 {
		return
	}
	delete(p.keys, h)
	if p.peak >= 64 && len(p.keys)*4 < p.peak {
		smaller := make(map[uint64]keySet, len(p.keys))
		for h, set := range p.keys {
			smaller[h] = set
		}
		p.keys, p.peak = smaller, len(smaller)
	}
}

// snapshot returns the keys that stand under h now.
func (p *postings) snapshot(h uint64) []words {
	p.mu.Lock()
	defer p.mu.Unlock()
	set, ok := p.keys[h]
	if !ok {
		return nil
	}
	if set.many == nil {
		return []words{set.one}
	}
	all := make([]words, 0, len(set.many))
	for w := range set.many {
		all = append(all, w)
	}
	return all
}

// Find implements [runtime.Finder]. It yields the key of every record that has
// the entry and has not expired, each as it is reached: no lock is held
// meanwhile, and the store may be used. Records created meanwhile may be missing.
func (s *Store) Find(ctx context.Context, entry runtime.IndexEntry) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		p, h := s.postings(&entry)
		if s.closed.Load() {
			yield("", runtime.ErrClosed)
			return
		}
		now := s.now()
		for _, w := range p.snapshot(h) {
			if err := ctx.Err(); err != nil {
				yield("", err)
				return
			}
			if key, ok := s.standing(w, &entry, now); ok && !yield(key, nil) {
				return
			}
		}
	}
}

// standing returns the key of which w are the words, if its record has the entry
// and has not expired.
func (s *Store) standing(w words, entry *runtime.IndexEntry, now int64) (string, bool) {
	id := ident{words: w, hash: s.hash(w), any: true}
	sh, _ := s.shard(id.hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e, _ := sh.find(&id)
	if e == nil || e.expires() <= now || !slices.Contains(e.index(), *entry) {
		return "", false
	}
	return e.key(), true
}

// List implements [runtime.Lister]. It yields the key of every record that has
// not expired. No lock is held meanwhile, and the store may be used; records
// that come or go meanwhile may be yielded or not.
func (s *Store) List(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		now := s.now()
		var found []entry
		for i := range s.shards {
			if err := ctx.Err(); err != nil {
				yield("", err)
				return
			}
			if s.closed.Load() {
				yield("", runtime.ErrClosed)
				return
			}
			found = s.shards[i].copyLive(found[:0], now)
			for j := range found {
				if !yield(found[j].key(), nil) {
					return
				}
			}
		}
	}
}

// copyLive appends what has not expired.
func (sh *shard) copyLive(dst []entry, now int64) []entry {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for slot := range sh.n {
		if e := sh.at(slot); e.expires() > now {
			dst = append(dst, *e)
		}
	}
	return dst
}

// distinct returns index without repetitions.
func distinct(index []runtime.IndexEntry) []runtime.IndexEntry {
	for i := 1; i < len(index); i++ {
		if slices.Contains(index[:i], index[i]) {
			var d []runtime.IndexEntry
			for _, e := range index {
				if !slices.Contains(d, e) {
					d = append(d, e)
				}
			}
			return d
		}
	}
	return index
}
