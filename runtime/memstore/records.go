package memstore

import (
	"bytes"
	"context"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
)

// Load implements [runtime.Records]. The data is the stored bytes, shared with
// everyone who loads them. The record has no Index.
func (s *Store) Load(_ context.Context, key string) (runtime.Record, error) {
	id := s.ident(key)
	sh, _ := s.shard(id.hash)
	sh.mu.Lock()
	if s.closed.Load() {
		sh.mu.Unlock()
		return runtime.Record{}, runtime.ErrClosed
	}
	e, _ := sh.find(&id)
	if e == nil {
		sh.mu.Unlock()
		return runtime.Record{}, runtime.ErrNotFound
	}
	data, stamp, expires := e.bytes(), e.stamp, e.expires()
	sh.mu.Unlock()

	// The clock is asked outside of the lock: it is most of a look-up's time.
	if expires <= s.now() {
		return runtime.Record{}, runtime.ErrNotFound // the sweeper removes it
	}
	return runtime.Record{Data: data, Stamp: stamp, Expires: instant(expires)}, nil
}

// Create implements [runtime.Records]. It keeps new.Data. A record that does not
// fit gets [runtime.ErrFull] if the store may not make room for it.
func (s *Store) Create(_ context.Context, key string, new runtime.Record) error {
	if !s.started.Load() {
		s.start()
	}
	id := s.ident(key)
	sh, number := s.shard(id.hash)
	now := s.now()
	index := distinct(new.Index)
	size := cost(id.plain, new.Data, id.text, len(index))
	for try := 0; ; try++ {
		sh.mu.Lock()
		if s.closed.Load() {
			sh.mu.Unlock()
			return runtime.ErrClosed
		}
		if e, slot := sh.find(&id); e != nil {
			if e.expires() > now {
				sh.mu.Unlock()
				return runtime.ErrExists
			}
			s.remove(sh, slot)
			s.expired.Add(1)
		}
		if s.reserve(1, size) {
			break
		}
		sh.mu.Unlock()
		if err := s.makeRoom(1, size, nil, try); err != nil {
			return err
		}
	}
	defer sh.mu.Unlock()
	e := sh.insert(s, id.hash)
	if e == nil {
		s.release(1, size)
		return s.full(1, size)
	}
	e.words, e.stamp = id.words, new.Stamp
	if id.plain {
		e.setBox(&box{text: id.text})
		e.state |= plain
	}
	e.setBytes(keep(new.Data))
	s.setExpires(number, e, millis(new.Expires))
	s.setIndex(e, index)
	return nil
}

// Update implements [runtime.Records]; it recognises old by its Stamp and keeps
// new.Data. A record that grows and does not fit gets [runtime.ErrFull] if the
// store may not make room for it; the old one then stands.
func (s *Store) Update(_ context.Context, key string, old, new runtime.Record) error {
	id := s.ident(key)
	sh, number := s.shard(id.hash)
	now := s.now()
	index := distinct(new.Index)
	for try := 0; ; try++ {
		sh.mu.Lock()
		e, err := s.expect(sh, &id, old, now)
		if err != nil {
			sh.mu.Unlock()
			return err
		}
		entries := len(index)
		if new.Index == nil {
			entries = len(e.index())
		}
		size := cost(e.box() != nil, new.Data, id.text, entries)
		grows := size - e.cost()
		if s.reserve(0, grows) {
			e.stamp = new.Stamp
			e.setBytes(keep(new.Data))
			s.setExpires(number, e, millis(new.Expires))
			if new.Index != nil {
				s.setIndex(e, index)
			}
			sh.mu.Unlock()
			return nil
		}
		sh.mu.Unlock()
		if size > s.config.maxBytes {
			return s.full(0, grows) // before all others went
		}
		if err := s.makeRoom(0, grows, &id, try); err != nil {
			return err
		}
	}
}

// Touch implements [runtime.Records]; it recognises old by its Stamp.
func (s *Store) Touch(_ context.Context, key string, old runtime.Record, expires time.Time) error {
	id := s.ident(key)
	sh, number := s.shard(id.hash)
	now := s.now()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e, err := s.expect(sh, &id, old, now)
	if err != nil {
		return err
	}
	s.setExpires(number, e, millis(expires))
	return nil
}

// Delete implements [runtime.Records]; it recognises old by its Stamp.
func (s *Store) Delete(_ context.Context, key string, old runtime.Record) error {
	id := s.ident(key)
	sh, _ := s.shard(id.hash)
	now := s.now()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e, slot, err := s.live(sh, &id, now)
	if err != nil {
		return err
	}
	if whatever := old.Stamp == 0 && old.Data == nil; !whatever && e.stamp != old.Stamp {
		return runtime.ErrConflict
	}
	s.remove(sh, slot)
	return nil
}

// live returns the entry under id if it has not expired. The shard is locked.
func (s *Store) live(sh *shard, id *ident, now int64) (*entry, int, error) {
	if s.closed.Load() {
		return nil, 0, runtime.ErrClosed
	}
	e, slot := sh.find(id)
	if e == nil || e.expires() <= now {
		return nil, 0, runtime.ErrNotFound
	}
	return e, slot, nil
}

// expect returns the entry under id if it is old. The shard is locked.
func (s *Store) expect(sh *shard, id *ident, old runtime.Record, now int64) (*entry, error) {
	e, _, err := s.live(sh, id, now)
	if err == nil && e.stamp != old.Stamp {
		return nil, runtime.ErrConflict
	}
	return e, err
}

// remove takes an entry out of a locked shard, of the index and of the counts.
func (s *Store) remove(sh *shard, slot int) {
	e := sh.at(slot)
	s.release(1, e.cost())
	s.setIndex(e, nil)
	sh.remove(s, slot)
}

// setExpires sets when an entry of a locked shard expires, and has the sweeper
// look at the shard in time.
func (s *Store) setExpires(number int, e *entry, ms int64) {
	e.setExpires(ms)
	if earliest := &s.earliest[number]; ms < earliest.Load() {
		earliest.Store(ms)
	}
}

// keep returns data, or a copy of its own size if it stands in a buffer so much
// larger that the count of bytes would be far from the truth.
func keep(data []byte) []byte {
	if cap(data) > len(data)+len(data)/8+32 {
		return bytes.Clone(data)
	}
	return data
}
