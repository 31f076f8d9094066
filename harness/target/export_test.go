package target

import "leakhunt/harness/proc"

// Coming is the process that was prepared, once it is there.
func Coming(p Pinned) proc.ID {
	next := p.(*started).next[0]
	<-next.done
	return next.process.id
}
