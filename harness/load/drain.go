package load

// awaitRead returns when the server has read everything that was written.
func (w *Wire) awaitRead() error { return nil }
