package main

import "net/http"

// themes are the choices of the switch; system follows the browser's setting.
var themes = []string{"light", "dark", "system"}

func (a *shop) setTheme(w http.ResponseWriter, r *http.Request, s *Session) {
	switch theme := r.PostFormValue("theme"); theme {
	case "light", "dark":
		s.SetTheme(theme)
	case "system":
		s.ClearTheme() // the default
	default:
		a.refuse(w, r, s, http.StatusUnprocessableEntity, "The theme is light, dark or system.")
		return
	}
	http.Redirect(w, r, back(r), http.StatusSeeOther)
}
