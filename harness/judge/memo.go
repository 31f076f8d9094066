package judge

// memo is what was found of a version of the state. What is asked for many times between two
// events is found once.
type memo[T any] struct {
	version int
	value   T
}

// of is the value for that version.
func (m *memo[T]) of(version int, find func() T) T {
	if m.version != version {
		m.value = find()
		m.version = version
	}
	return m.value
}
