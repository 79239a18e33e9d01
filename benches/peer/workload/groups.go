package workload

import "sort"

// mixed is a number from another: the finalizer of splitmix64, the same as in Longshore's runner.
func mixed(number int) uint64 {
	z := (uint64(number) + 1) * 0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// grouping says of which group the pod with a number is, and which number it has there.
type grouping func(number int) (group, place int)

// In is the grouping for a size of the file.
func (g *Groups) In(file *File, size *Size) (grouping, error) {
	if g == nil {
		return func(number int) (int, int) { return 0, number }, nil
	}
	if g.Size != nil {
		of, err := g.Size.In(file, size)
		return func(number int) (int, int) { return number / of, number % of }, err
	}
	count, err := g.Count.In(file, size)
	switch g.Order {
	case "random":
		return func(number int) (int, int) { return int(mixed(number) % uint64(count)), number }, err
	case "heavyTail":
		sums := heavyTail(count)
		return func(number int) (int, int) {
			share := float64(mixed(number)>>11) / (1 << 53)
			return sort.Search(len(sums), func(at int) bool { return sums[at] > share }), number
		}, err
	}
	return func(number int) (int, int) { return number % count, number / count }, err
}

// heavyTail sums up the shares of groups of which each has 1 / (i + 1) as many pods as the first, without that of the last.
func heavyTail(count int) []float64 {
	all := 0.0
	for group := range count {
		all += 1 / (float64(group) + 1)
	}
	sums, sum := make([]float64, 0, count), 0.0
	for group := range count - 1 {
		sum += 1 / (float64(group) + 1) / all
		sums = append(sums, sum)
	}
	return sums
}

// kindAt is the part whose turn it is at a place, where parts have these shares.
func kindAt(shares []uint64, place int) int {
	all := uint64(0)
	for _, share := range shares {
		all += share
	}
	left := mixed(place^(1<<40)) % max(all, 1)
	for at, share := range shares {
		if left < share {
			return at
		}
		left -= share
	}
	return 0
}
