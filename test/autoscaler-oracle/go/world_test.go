package oracle

import (
	"context"
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	netfake "knative.dev/networking/pkg/client/clientset/versioned/fake"
	"knative.dev/pkg/logging"
	autoscalingv1alpha1 "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	"knative.dev/serving/pkg/apis/serving"
	"knative.dev/serving/pkg/autoscaler/metrics"
	"knative.dev/serving/pkg/autoscaler/scaling"
	servingfake "knative.dev/serving/pkg/client/clientset/versioned/fake"
	"knative.dev/serving/pkg/reconciler/autoscaling/config"
	"knative.dev/serving/pkg/reconciler/autoscaling/kpa"
)

const (
	namespace = "ns"
	revision  = "rev"
)

var key = types.NamespacedName{Namespace: namespace, Name: revision}

// What the autoscaler advised.
type advice struct {
	valid    bool
	result   scaling.ScaleResult
	panics   bool
	stable   float64
	panic    float64
	informed bool
}

func (a advice) MarshalJSON() ([]byte, error) {
	if !a.valid {
		return []byte("[]"), nil
	}
	return jsonArray(a.result.DesiredPodCount, a.result.ExcessBurstCapacity, a.panics, a.stable, a.panic, a.informed)
}

// A world is one revision with Knative's collector, autoscaler and reconciler, and nothing around them that would do
// something by itself.
type world struct {
	begin      time.Time
	ctx        context.Context
	pa         *autoscalingv1alpha1.PodAutoscaler
	reconciler *kpa.Reconciler
	collector  *metrics.MetricCollector
	multi      *scaling.MultiScaler
	scaler     *watchedScaler
	stop       chan struct{}
	ticks      chan time.Time

	pods     cache.Indexer
	podsErr  error
	skses    cache.Indexer
	metrics  cache.Indexer
	network  *netfake.Clientset
	client   *servingfake.Clientset
	replicas int32
	told     *path
	informed bool
	order    *order
}

func newWorld(tr *trace, begin time.Time) (*world, error) {
	w := &world{
		begin:    begin,
		stop:     make(chan struct{}),
		ticks:    make(chan time.Time),
		pods:     newIndexer(),
		skses:    newIndexer(),
		metrics:  newIndexer(),
		network:  netfake.NewSimpleClientset(),
		client:   servingfake.NewSimpleClientset(),
		replicas: tr.Start.Replicas,
	}
	if err := w.configure(tr.Start.reading); err != nil {
		return nil, err
	}
	w.pa.Spec.Reachability = autoscalingv1alpha1.ReachabilityType(tr.Start.Reachability)
	if err := w.setPods(&tr.Start.ReadyPods); err != nil {
		return nil, err
	}
	logger := zap.NewNop().Sugar()
	w.collector = metrics.NewMetricCollector(
		func(*autoscalingv1alpha1.Metric, *zap.SugaredLogger) (metrics.StatsScraper, error) { return nil, nil }, logger)
	w.multi = scaling.NewMultiScaler(w.stop, w.newScaler, logger)
	set(w.multi, "tickProvider", func(time.Duration) *time.Ticker { return &time.Ticker{C: w.ticks} })
	w.multi.Watch(func(types.NamespacedName) { w.informed = true })
	w.reconciler = w.newReconciler()
	return w, w.createSKS()
}

func newIndexer() cache.Indexer {
	return cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
}

// configure puts other ConfigMaps and annotations in force.
func (w *world) configure(r reading) error {
	cfg, err := r.configs()
	if err != nil {
		return err
	}
	w.ctx = logging.WithLogger(config.ToContext(context.Background(), cfg), zap.NewNop().Sugar())
	pa := r.autoscaler()
	if w.pa != nil {
		w.pa.Annotations, w.pa.Spec.ContainerConcurrency = pa.Annotations, pa.Spec.ContainerConcurrency
		return nil
	}
	w.pa = pa
	pa.Labels = map[string]string{serving.RevisionLabelKey: revision}
	pa.Spec.ScaleTargetRef = corev1.ObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: revision}
	pa.Spec.ProtocolType = "http1"
	pa.Status.InitializeConditions()
	return nil
}

// newScaler makes Knative's autoscaler of the revision, and keeps what it says.
func (w *world) newScaler(d *scaling.Decider) (scaling.UniScaler, error) {
	inner := scaling.New(attribute.NewSet(), noop.NewMeterProvider(), namespace, revision, w.collector, w, &d.Spec)
	w.scaler = &watchedScaler{UniScaler: inner, world: w}
	return w.scaler, nil
}

// ReadyCount makes the world the counter of its pods.
func (w *world) ReadyCount() (int, error) { return len(w.pods.ListKeys()), w.podsErr }

// NotReadyCount is not asked for.
func (w *world) NotReadyCount() (int, error) { return 0, errors.New("not counted") }

type watchedScaler struct {
	scaling.UniScaler
	world *world
	last  *advice
}

func (s *watchedScaler) Scale(logger *zap.SugaredLogger, now time.Time) scaling.ScaleResult {
	a := &advice{result: s.UniScaler.Scale(logger, now)}
	a.valid = a.result.ScaleValid
	panicTime := get[time.Time](s.UniScaler, "panicTime")
	a.panics = !panicTime.IsZero()
	if get[*scaling.DeciderSpec](s.UniScaler, "deciderSpec").ScalingMetric == "rps" {
		a.stable, a.panic, _ = s.world.collector.StableAndPanicRPS(key, now)
	} else {
		a.stable, a.panic, _ = s.world.collector.StableAndPanicConcurrency(key, now)
	}
	s.last = a
	return a.result
}

// takeAdvice is what was said since the last time, or nil.
func (w *world) takeAdvice() *advice {
	synctest.Wait()
	a := w.scaler.last
	w.scaler.last = nil
	if a != nil {
		a.informed = w.informed
	}
	w.informed = false
	return a
}

// tick lets the autoscaler decide.
func (w *world) tick() *advice {
	w.ticks <- time.Now()
	return w.takeAdvice()
}

// record hands in a report as Knative's server of reports does; it may cause an immediate decision.
func (w *world) record(s metrics.Stat, late time.Duration) *advice {
	w.collector.Record(key, time.Now().Add(-late), s)
	w.multi.Poke(key, s)
	return w.takeAdvice()
}

// setPods makes so many pods ready; with nil they cannot be counted.
func (w *world) setPods(ready *int) error {
	if ready == nil {
		w.podsErr = errors.New("no answer")
		return nil
	}
	w.podsErr = nil
	pods := make([]any, 0, *ready)
	for i := range *ready {
		pods = append(pods, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: namespace,
				Name:      fmt.Sprint("pod-", i),
				Labels:    map[string]string{serving.RevisionLabelKey: revision},
			},
			Status: corev1.PodStatus{
				Phase:      corev1.PodRunning,
				Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
			},
		})
	}
	return w.pods.Replace(pods, "")
}

func (w *world) close() {
	close(w.stop)
	w.multi.Delete(w.ctx, namespace, revision)
	w.collector.Delete(namespace, revision)
	synctest.Wait()
}
