package session

// touchAnew lets the touched set begin anew with a block of requests to a URI, and
// returns what it holds then. It is nil where the kernel refuses.
func (s *Session) touchAnew(uri int) *int64 {
	s.touched = -1
	m, ok := s.meter.(touching)
	if !ok {
		return nil
	}
	if err := m.ResetTouched(); err != nil {
		s.untouched(err)
		return nil
	}
	s.touched = uri
	bytes, ok := s.touch()
	if !ok {
		return nil
	}
	return &bytes
}

// touch reads the touched set. Where that fails it is read no more until it begins
// anew, and RSS decides.
func (s *Session) touch() (bytes int64, ok bool) {
	bytes, err := s.meter.(touching).Touched()
	if err != nil {
		s.touched = -1
		s.untouched(err)
	}
	return bytes, err == nil
}

func (s *Session) untouched(err error) {
	s.note("touched-set", "RSS decides without its second witness: %v", err)
}
