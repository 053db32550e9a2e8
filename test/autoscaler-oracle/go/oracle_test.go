// Package oracle lets Knative's own autoscaler decide on traces, so that ours can be compared with it.
//
// Each line of the standard input is a JSON object, a trace or a reading, and is answered by one line. It is a test
// binary (go test -c) because only a test may turn the clock: each trace runs in a bubble of testing/synctest, where
// time begins at midnight UTC of 2000-01-01 and passes only when everybody waits.
package oracle

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/synctest"
)

// The lines may be long: a trace has thousands of events.
const lineBytesMax = 64 << 20

// TestMain keeps the words of the test runner out of the answers.
func TestMain(m *testing.M) {
	answers = os.Stdout
	os.Stdout = os.Stderr
	os.Exit(m.Run())
}

var answers io.Writer

func TestOracle(t *testing.T) {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, lineBytesMax)
	out := bufio.NewWriter(answers)
	defer out.Flush()
	for lines.Scan() {
		answer, err := answerTo(t, lines.Bytes())
		if err != nil {
			t.Fatalf("%v in %.200s", err, lines.Bytes())
		}
		fmt.Fprintf(out, "%s\n", answer)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func answerTo(t *testing.T, line []byte) ([]byte, error) {
	var kind struct {
		Events json.RawMessage `json:"events"`
	}
	if err := json.Unmarshal(line, &kind); err != nil {
		return nil, err
	}
	if kind.Events == nil {
		var r reading
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, err
		}
		return json.Marshal(r.read())
	}
	var tr trace
	if err := json.Unmarshal(line, &tr); err != nil {
		return nil, err
	}
	var err error
	synctest.Test(t, func(*testing.T) { err = tr.run() })
	if err != nil {
		return nil, err
	}
	return json.Marshal(tr.Decisions)
}
