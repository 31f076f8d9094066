package judge

// Rule is one guard of the judge or of the strategy that can be switched off, to
// see what it is worth.
type Rule struct{ Name, What string }

// Rules are those that can be switched off.
func Rules() []Rule {
	return []Rule{
		{"headroom", "RSS convicts only growth beyond what the collector may leave uncollected"},
		{"slack", "a floor by RSS holds what may be free inside the process"},
		{"alone", "a suspect by RSS is confirmed alone, with the others in quarantine"},
		{"lead", "in a tight process requests go ahead of each block"},
		{"hidden", "a URI behind whose verdict a leak may hide runs alone, too"},
		{"isolate", "what RSS could not tell is tried on a process of its own"},
		{"untried", "whom RSS convicts beside a larger leak, and a process of its own did not tell, is not convicted"},
		{"bounded", "who does not grow by RSS, in readings that scatter, gets the floor that they leave at the end of the run"},
		{"touched-set", "the touched set is evidence beside RSS"},
		{"rss-expiry", "what RSS convicts within seconds is sent again after a pause"},
		{"rss-follow", "what RSS convicts is followed on for a budget of requests, time and memory"},
		{"freed-by-others", "what stands still while it may fill what others freed has no end yet"},
		{"short", "where time is short, URIs are settled one after the other, the one first that adds most for the time it takes"},
		{"rare", "who does not grow by a counter is sent more requests where they are cheap"},
		{"follow", "what a counter would convict is followed on for a budget of time and memory"},
		{"large", "what has grown by more than caches and pools hold needs no horizon"},
		{"doubling", "what grows in steps is no end of growth before twice as many requests, and convicts after so many octaves"},
		{"retest", "whoever a counter convicts is sent again, with a wait behind it"},
		{"solo", "whoever that leaves in doubt is sent again by itself"},
		{"slowed", "whose growth has slowed, and is open, is sent again by itself"},
		{"expiry", "what is let go of by the end convicts nobody"},
		{"native-followed", "settled RSS that grows beside a flat counter is followed to the horizon"},
		{"native", "what RSS grows by beyond the counter for long enough is a leak of native memory"},
		{"native-known", "what the runtime has from the system for itself is taken off, where it says that"},
		{"unseen", "what RSS grows by and no counter explains is told of whom a counter convicts, stands in floors, and convicts"},
		{"native-expiry", "what is convicted of native memory is sent again after a wait"},
		{"native-floor", "a floor holds the native memory that no counter counts"},
		{"background", "what a process keeps while nothing is sent is laid on nobody"},
		{"idle-rss", "growth of RSS by as much as while nothing is sent convicts nobody"},
		{"books", "a floor holds what neighbours grew by, which may have been left to be done later"},
		{"later", "what may have been left to be done later is looked for with nothing else sent"},
		{"quiet", "what was freed while that was looked for has gone, and it is looked for again"},
		{"disturbed", "whom what others let go of disturbs is measured with a pause behind its requests"},
		{"beside-expired", "what stays beside what expires convicts, where requests left it twice"},
		{"holds-less", "what the process holds less of than a URI made convicts nobody"},
		{"carry-over", "where what a request leaves goes with the next one, a request of its own goes ahead of each block"},
		{"every-request", "what every request keeps, whatever its URI, has a row of its own"},
		{"misfit", "a counter that never moves, or always falls, is no evidence"},
		{"uneven", "blocks of a fixed number of requests are of uneven length"},
	}
}

// On says that a rule is in force.
func (st *State) On(rule string) bool {
	if st.settings.Asked != nil {
		st.settings.Asked[rule] = true
	}
	return !st.settings.Off[rule]
}
