package parse

import "strings"

// distance is the number of letters to insert, remove, change or swap with
// their neighbour to get from a to b, at most limit+1.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit+1)
}

// near tells whether got is want, or a likely misspelling of it.
func near(got, want string, limit int) bool {
	return distance(strings.ToLower(got), want, limit) <= limit
}

// Closest returns the one of words that got most likely stands for, or "": it
// has the same letters but for two, or begins with got as no other does.
func Closest(got string, words []string) string {
	best, least := "", 3
	for _, word := range words {
		// Of a short word nearly everything is two letters away.
		limit := min(2, len(word)-2, len(got)-1)
		if d := distance(strings.ToLower(got), word, 2); d <= limit && d < least {
			best, least = word, d
		}
	}
	if best != "" || len(got) < 2 {
		return best
	}
	for _, word := range words {
		if strings.HasPrefix(word, strings.ToLower(got)) {
			if best != "" {
				return ""
			}
			best = word
		}
	}
	return best
}

// DidYouMean returns a clause that suggests the closest of words, or lists them all.
func DidYouMean(got string, words []string) string {
	if word := Closest(got, words); word != "" {
		return "did you mean " + word + "?"
	}
	return "there are " + strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
