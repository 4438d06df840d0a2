// Package movestore moves the sessions of an application from one store to
// another while both are in use, so that nobody is logged out:
//
//	store := movestore.New(old, new)
//	sessions, err := shop.NewSessions(store, runtime.Config{})
//
// A session moves when it is written for the first time, a touch included; until
// then it is read from where it is. New sessions begin in the new store. What the
// runtime promises holds meanwhile, for all processes together: a logout stays
// done, and no update is lost.
//
// # The steps
//
// Processes that know the old store alone do not see what has moved. A move is
// therefore made of three deployments, each completed before the next begins:
//
//  1. [Prepare](old, new): everything stays in the old store and begins there,
//     but what has moved is found. Processes from before this step, which know
//     the old store alone, may still run.
//  2. New(old, new): sessions move. Processes of step 1 may still run.
//  3. The new store alone, once the old one holds nothing that lives: after
//     [Store.MoveAll] has returned without error, or after the absolute timeout.
//
// To turn back from step 2, deploy New(new, old) after Prepare(new, old), in the
// same way. To turn back from step 1, deploy the old store.
//
// # What a move writes
//
// A record is never in both stores so that both count. The new store gets a
// claim without data, then the data, staged; then a mark takes the record's
// place in the old store, on condition that it is still the record that was
// copied; then what was staged counts. Each step is conditional on the one
// before, and any process completes what another one has begun, so that a process
// may die or be late at any point. The mark stays in the old store as long as
// the record would have: 32 bytes and a few. A program that knows no movestore and
// finds a claim or a mark answers with [runtime.ErrNewerFormat], never as if the
// visitor were new.
//
// A session that has not moved yet costs its requests one look-up more, a move
// six or seven calls once, a new session one call more.
//
// # Limits
//
// Both stores keep records of the runtime's own format under its own keys:
// memstore, redisstore, sqlstore. Sealed cookies hold other tokens, and stores
// shared with programs in other languages another format: those can't be moved
// so. A touch by a process of step 1 that comes while the session is moved may be
// lost; the session then ends up to a tenth of the idle timeout early, unless it
// is used again. The records' index moves with them; FindBy and DestroyBy look in
// both stores.
package movestore
