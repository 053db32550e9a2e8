package oracle

import (
	"encoding/json"
	"fmt"
	"testing/synctest"
	"time"

	autoscalingv1alpha1 "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	"knative.dev/serving/pkg/autoscaler/metrics"
)

// A trace is what happens to one revision. Times are ms since the beginning.
type trace struct {
	Start struct {
		reading
		At           float64 `json:"at"`
		ReadyPods    int     `json:"readyPods"`
		Replicas     int32   `json:"replicas"`
		Reachability string  `json:"reachability"`
	} `json:"start"`
	Events []event `json:"events"`

	Decisions []decision `json:"-"`
}

// An event is an array: its kind, when it happens, and what.
type event struct {
	kind string
	at   float64
	data []json.RawMessage
}

func (e *event) UnmarshalJSON(b []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	if len(parts) < 2 {
		return fmt.Errorf("an event is [kind, ms, …], not %s", b)
	}
	e.data = parts[2:]
	if err := json.Unmarshal(parts[0], &e.kind); err != nil {
		return err
	}
	return json.Unmarshal(parts[1], &e.at)
}

// take reads what an event is about.
func (e event) take(targets ...any) error {
	if len(e.data) != len(targets) {
		return fmt.Errorf("%s has %d values instead of %d", e.kind, len(e.data), len(targets))
	}
	for i, target := range targets {
		if err := json.Unmarshal(e.data[i], target); err != nil {
			return err
		}
	}
	return nil
}

// A decision is an array: the number of the event, the advice of the autoscaler if it was asked, and what the
// reconciler did.
type decision struct {
	event  int
	advice *advice
	order  *order
}

func (d decision) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{d.event, d.advice, d.order})
}

// Waits until so many ms have passed since the beginning.
func waitUntil(begin time.Time, at float64) {
	time.Sleep(time.Until(begin.Add(time.Duration(at * float64(time.Millisecond)))))
	synctest.Wait()
}

func (tr *trace) run() error {
	begin := time.Now()
	waitUntil(begin, tr.Start.At)
	w, err := newWorld(tr, begin)
	if err != nil {
		return err
	}
	defer w.close()
	if err := tr.decide(w, -1, nil); err != nil {
		return err
	}
	for i, e := range tr.Events {
		waitUntil(begin, e.at)
		if err := tr.handle(w, i, e); err != nil {
			return fmt.Errorf("event %d, %s: %w", i, e.kind, err)
		}
	}
	return nil
}

func (tr *trace) handle(w *world, i int, e event) error {
	switch e.kind {
	case "stat":
		var late float64
		var s metrics.Stat
		if err := e.take(&late, &s.AverageConcurrentRequests, &s.AverageProxiedConcurrentRequests,
			&s.RequestCount, &s.ProxiedRequestCount); err != nil {
			return err
		}
		advice := w.record(s, time.Duration(late*float64(time.Millisecond)))
		if advice == nil {
			return nil
		}
		return tr.decide(w, i, advice)
	case "tick":
		return tr.decide(w, i, w.tick())
	case "pods":
		var ready *int
		if err := e.take(&ready); err != nil {
			return err
		}
		if err := w.setPods(ready); err != nil {
			return err
		}
	case "path":
		var p path
		if err := e.take(&p.provisioned, &p.proxied, &p.proxiedForMs, &p.answering); err != nil {
			return err
		}
		w.setPath(p)
	case "reach":
		var reachability string
		if err := e.take(&reachability); err != nil {
			return err
		}
		w.pa.Spec.Reachability = autoscalingv1alpha1.ReachabilityType(reachability)
	case "update":
		var r reading
		if err := e.take(&r); err != nil {
			return err
		}
		if err := w.configure(r); err != nil {
			return err
		}
	case "reconcile":
	default:
		return fmt.Errorf("unknown kind")
	}
	return tr.decide(w, i, nil)
}

func (tr *trace) decide(w *world, i int, a *advice) error {
	o, err := w.reconcile()
	if err != nil {
		return err
	}
	tr.Decisions = append(tr.Decisions, decision{event: i, advice: a, order: o})
	return nil
}
