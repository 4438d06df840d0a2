package table

import "fmt"

// Yes prints whether a bound holds.
func Yes(holds bool) string {
	if holds {
		return "yes"
	}
	return "NO"
}

// Nanos prints a time of so many nanoseconds.
func Nanos(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.1f ms", n/1e6)
	case n >= 1e4:
		return fmt.Sprintf("%.1f us", n/1e3)
	case n >= 1e3:
		return fmt.Sprintf("%.2f us", n/1e3)
	case n >= 100:
		return fmt.Sprintf("%.0f ns", n)
	default:
		return fmt.Sprintf("%.1f ns", n)
	}
}
