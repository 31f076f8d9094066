package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"leakhunt/harness/result"
)

// writeJSON writes the result file. It fails where a number is not finite,
// since JSON cannot hold it, and a zero in its place would be a lie.
func writeJSON(w io.Writer, r *result.Result, _ Options) error {
	b, into := w.(*bytes.Buffer) // of a large result there is one copy less
	if !into {
		b = new(bytes.Buffer)
	}
	begin := b.Len()
	if err := encode(b, r); err != nil {
		return err
	}
	// Bytes that are no UTF-8 are written as the escape of U+FFFD, but a
	// U+FFFD that was read back as itself. Reading once makes them the same.
	if text := b.Bytes()[begin:]; bytes.Contains(text, []byte(`\ufffd`)) {
		var again result.Result
		if err := json.Unmarshal(text, &again); err != nil {
			return fmt.Errorf("encode the result: %w", err)
		}
		b.Truncate(begin)
		if err := encode(b, &again); err != nil {
			return err
		}
	}
	if into {
		return nil
	}
	_, err := b.WriteTo(w)
	return err
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("encode JSON: %w", err)
	}
	return nil
}
