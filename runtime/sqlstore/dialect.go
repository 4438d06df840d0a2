package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Dialect is the kind of SQL that a database speaks. It does not choose the driver.
type Dialect int

// The dialects, and the versions that they are tested with or stated for. Older
// servers are refused by Bind and Migrate.
const (
	PostgreSQL Dialect = iota + 1 // PostgreSQL 12 or later
	MySQL                         // MySQL 8.0 or later, MariaDB 10.6 or later, with InnoDB
	SQLite                        // SQLite 3.35 or later
)

func (d Dialect) String() string {
	if i := d.implementation(); i != nil {
		return i.name
	}
	return "Dialect(" + strconv.Itoa(int(d)) + ")"
}

func (d Dialect) implementation() *dialect {
	switch d {
	case PostgreSQL:
		return &postgres
	case MySQL:
		return &mysql
	case SQLite:
		return &sqlite
	}
	return nil
}

// dialect is what one database does in its own way.
type dialect struct {
	name      string
	quote     byte
	numbered  bool // placeholders are $1, $2, ... and not ?
	prepares  bool // statements are prepared by this package, since drivers don't
	qualified bool // a table's name may have another before it
	oneWriter bool // writers wait for each other in the process, since they would in the file

	isolation sql.IsolationLevel // of the transactions

	version    string // asks for the server's version
	columns    string // asks for the columns of the table ?
	create     string // stores a record where there is none
	addEntry   string // stores an index entry that may be there
	sweep      string // deletes a batch in one statement; "" for a look and a delete
	byID       string // has a page of all records read by their ids
	note       string // notes that the tables are of version %d
	migrations [][]string
	types      map[string]string // of the columns

	checkVersion func(version string) error
	locked       func(ctx context.Context, db *sql.DB, table string, f func(executor) error) error // runs f while nobody else migrates
	classify     func(error) kind
}

// executor is a *sql.DB, *sql.Conn or *sql.Tx.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// The longest name that databases take is 63 bytes (PostgreSQL); the names of
// indexes are the table's and up to 15 more.
var tableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,47}$`)

// checkTable tells what is wrong with the name of a table.
func (d *dialect) checkTable(name string) error {
	parts := strings.Split(name, ".")
	if len(parts) > 2 || len(parts) == 2 && !d.qualified {
		return fmt.Errorf("%q has too many parts for %s; leave out what is before the last dot", name, d.name)
	}
	for _, part := range parts {
		if !tableName.MatchString(part) {
			return fmt.Errorf("%q is no name for a table here; use letters of ASCII, digits and underscores, a letter first, at most 48 in all", name)
		}
	}
	return nil
}

// quoted returns a name with a suffix as SQL has it.
func (d *dialect) quoted(name, suffix string) string {
	q := string(d.quote)
	return q + strings.ReplaceAll(name+suffix, ".", q+"."+q) + q
}

// expand writes a statement of this package for a table: {table}, {index} and
// {schema} are tables, {name} is the table's bare name, for what belongs to it.
func (d *dialect) expand(query, table string) string {
	bare := table[strings.LastIndexByte(table, '.')+1:]
	query = strings.NewReplacer(
		"{table}", d.quoted(table, ""),
		"{index}", d.quoted(table, "_index"),
		"{schema}", d.quoted(table, "_schema"),
		"{by expires}", d.quoted(bare, "_expires"),
		"{by id}", d.quoted(bare, "_index_id"),
		"{cascade}", d.quoted(bare, "_index_of"),
	).Replace(query)
	return d.numberedMarks(query)
}

// numberedMarks numbers the placeholders of a statement where the dialect wants that.
func (d *dialect) numberedMarks(query string) string {
	if !d.numbered {
		return query
	}
	var b strings.Builder
	n := 0
	for _, c := range []byte(query) {
		if c != '?' {
			b.WriteByte(c)
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// marks returns n placeholders with commas, or groups of them.
func marks(n int, group string) string {
	return strings.TrimSuffix(strings.Repeat(group+", ", n), ", ")
}

// atLeast compares versions such as "8.0.36" by their numbers.
func atLeast(version string, minimum ...int) bool {
	for i, part := range strings.SplitN(version, ".", len(minimum)+1)[:] {
		if i == len(minimum) {
			break
		}
		digits := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' })
		if digits < 0 {
			digits = len(part)
		}
		n, err := strconv.Atoi(part[:digits])
		if err != nil || n < minimum[i] {
			return false
		}
		if n > minimum[i] {
			return true
		}
	}
	return true
}
