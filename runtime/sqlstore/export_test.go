package sqlstore

// Queries returns what the store says to its database, for tests of its plans.
func (s *Store) Queries() map[string]string {
	return map[string]string{
		"load": s.stmts.load.query, "update": s.stmts.update.query, "touch": s.stmts.touch.query,
		"delete": s.stmts.delete.query, "delete whatever": s.stmts.deleteAny.query,
		"find": s.stmts.find.query, "list": s.stmts.list.query, "sweep": s.stmts.expired.query,
	}
}

// CheckVersion tells whether a dialect refuses a server.
func CheckVersion(d Dialect, version string) error { return d.implementation().checkVersion(version) }
