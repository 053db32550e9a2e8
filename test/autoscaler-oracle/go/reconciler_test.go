package oracle

import (
	"net/http"
	"reflect"
	"time"
	"unsafe"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	corev1listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	nv1alpha1 "knative.dev/networking/pkg/apis/networking/v1alpha1"
	nlisters "knative.dev/networking/pkg/client/listers/networking/v1alpha1"
	autoscalingv1alpha1 "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	listers "knative.dev/serving/pkg/client/listers/autoscaling/v1alpha1"
	areconciler "knative.dev/serving/pkg/reconciler/autoscaling"
	"knative.dev/serving/pkg/reconciler/autoscaling/kpa"
)

// What the reconciler did.
type order struct {
	patched *int32
	// Shortest of the times after which it wants to be called again, ms.
	recheckMs *float64
	probed    bool
	mode      nv1alpha1.ServerlessServiceOperationMode
	numActs   int32
	status    autoscalingv1alpha1.PodAutoscalerStatus
	begin     time.Time
}

func (o order) MarshalJSON() ([]byte, error) {
	active := o.status.GetCondition(autoscalingv1alpha1.PodAutoscalerConditionActive)
	return jsonArray(o.patched, o.recheckMs, o.probed, o.mode, o.numActs,
		active.Status, active.Reason, ms(active.LastTransitionTime.Inner.Sub(o.begin)),
		o.status.IsScaleTargetInitialized(), o.status.GetDesiredScale(), o.status.GetActualScale())
}

// reconcile runs Knative's reconciler once.
func (w *world) reconcile() (*order, error) {
	w.order = &order{begin: w.begin}
	// It writes only what differs from what it sees: both have to begin as the same.
	skses := w.network.NetworkingV1alpha1().ServerlessServices(namespace)
	if _, err := skses.Update(w.ctx, w.sks(), metav1.UpdateOptions{}); err != nil {
		return nil, err
	}
	if err := w.reconciler.ReconcileKind(w.ctx, w.pa); err != nil {
		return nil, err
	}
	sks, err := skses.Get(w.ctx, w.sks().Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	w.order.mode, w.order.numActs = sks.Spec.Mode, sks.Spec.NumActivators
	w.order.status = *w.pa.Status.DeepCopy()
	if err := w.followMetric(); err != nil {
		return nil, err
	}
	w.followPath(sks.Spec)
	return w.order, nil
}

// followMetric does what the reconciler of Metrics would, at once.
func (w *world) followMetric() error {
	metric, err := w.client.AutoscalingV1alpha1().Metrics(namespace).Get(w.ctx, revision, metav1.GetOptions{})
	if err != nil {
		return err
	}
	known, exists, err := w.metrics.Get(metric)
	if err != nil || exists && reflect.DeepEqual(known.(*autoscalingv1alpha1.Metric).Spec, metric.Spec) {
		return err
	}
	if err := w.metrics.Add(metric); err != nil {
		return err
	}
	return w.collector.CreateOrUpdate(metric)
}

// newReconciler makes Knative's reconciler. Its parts that talk to Kubernetes have no names outside of its package.
func (w *world) newReconciler() *kpa.Reconciler {
	r := &kpa.Reconciler{Base: &areconciler.Base{
		Client:           w.client,
		NetworkingClient: w.network,
		SKSLister:        nlisters.NewServerlessServiceLister(w.skses),
		MetricLister:     listers.NewMetricLister(w.metrics),
	}}
	set(r, "podsLister", corev1listers.NewPodLister(w.pods))
	set(r, "deciders", w.multi)
	scaler := reflect.New(field(r, "scaler").Type().Elem())
	field(r, "scaler").Set(scaler)
	s := scaler.Interface()
	set(s, "listerFactory", func(schema.GroupVersionResource) (cache.GenericLister, error) { return lister{w: w}, nil })
	set(s, "dynamicClient", dynamicClient{w: w})
	set(s, "activatorProbe", func(*autoscalingv1alpha1.PodAutoscaler, http.RoundTripper) (bool, error) {
		return w.told == nil || w.told.answering, nil
	})
	set(s, "probeManager", prober{w: w})
	set(s, "enqueueCB", func(_ interface{}, after time.Duration) {
		if after := ms(after); w.order.recheckMs == nil || after < *w.order.recheckMs {
			w.order.recheckMs = &after
		}
	})
	return r
}

// field is a field of what target points to, whatever its name.
func field(target any, name string) reflect.Value {
	f := reflect.ValueOf(target).Elem().FieldByName(name)
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}

func set(target any, name string, value any) { field(target, name).Set(reflect.ValueOf(value)) }

func get[T any](target any, name string) T { return field(target, name).Interface().(T) }
