package judge

import "reflect"

// Folded says that what blocks say together is the same where all are folded anew.
func (st *State) Folded() bool {
	was := *st.blocksFolded()
	st.folded.valid = false
	return reflect.DeepEqual(was, *st.blocksFolded())
}
