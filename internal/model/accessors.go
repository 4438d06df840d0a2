package model

// Accessors returns the names of the methods that the session gets for f, in
// the order in which they are generated. The parser checks them for clashes,
// so the emitter generates exactly these.
func (f *Field) Accessors() []string {
	n := f.GoName
	if f.Flash {
		names := []string{"Set" + n, "Has" + n, "Clear" + n, "Take" + n, "Claim" + n}
		if f.Type.Kind == Slice {
			names = append(names, "Append"+n)
		}
		return names
	}
	names := []string{n, "Set" + n, "Has" + n, "Clear" + n, "Update" + n}
	switch {
	case f.Type.Number():
		names = append(names, "Add"+n)
	case f.Type.Kind == Slice:
		names = append(names, "Append"+n)
	case f.Type.Kind == Map:
		names = append(names, "Put"+n, "Delete"+n)
		if f.Type.Elem.Number() {
			names = append(names, "Add"+n)
		}
	}
	return names
}

// Finders returns the names of the methods that the manager gets for f.
func (f *Field) Finders() []string {
	if !f.Index && !f.Principal {
		return nil
	}
	return []string{"FindBy" + f.GoName, "DestroyBy" + f.GoName}
}

// SessionMethods are the methods of every session that are not accessors: of
// the embedded runtime type, of generated code, and those kept for later
// versions. No accessor may hide them. The list only grows with a new
// version window of the runtime.
var SessionMethods = []string{
	// Of the runtime.
	"ID", "IsNew", "CreatedAt", "ExpiresAt", "LastSeen", "Renew", "Reauthenticate", "Destroy",
	"Save", "Reload", "Touch", "SetMaxAge", "Unavailable",
	// Generated.
	"All", "MarshalJSON", "LogValue", "Format", "SessionFields",
	// Kept: fmt, vet's copylocks and encoders look for these by name, and
	// would print or change a session behind its back.
	"Lock", "Unlock", "String", "GoString", "UnmarshalJSON",
	"MarshalText", "UnmarshalText", "MarshalBinary", "UnmarshalBinary",
	"MarshalXML", "UnmarshalXML", "GobEncode", "GobDecode",
	// Kept: vet's stdmethods reports these with any other signature.
	"ReadByte", "ReadRune", "UnreadByte", "UnreadRune", "WriteByte",
}

// ManagerMethods are the methods of every manager that are not finders.
var ManagerMethods = []string{
	"Get", "From", "Handler", "Middleware", "Optional",
	"Load", "Open", "Create", "Update", "Destroy", "Token", "List",
}
