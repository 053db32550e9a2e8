package oracle

import (
	"context"
	"encoding/json"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"

	autoscalingv1alpha1 "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
)

// lister knows the one deployment there is.
type lister struct {
	cache.GenericLister
	w *world
}

func (l lister) ByNamespace(string) cache.GenericNamespaceLister { return namespaceLister{w: l.w} }

type namespaceLister struct {
	cache.GenericNamespaceLister
	w *world
}

func (l namespaceLister) Get(string) (runtime.Object, error) {
	replicas := l.w.replicas
	return &autoscalingv1alpha1.PodScalable{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: revision},
		Spec:       autoscalingv1alpha1.PodScalableSpec{Replicas: &replicas},
	}, nil
}

// dynamicClient takes the patches of its scale.
type dynamicClient struct {
	dynamic.Interface
	w *world
}

func (c dynamicClient) Resource(schema.GroupVersionResource) dynamic.NamespaceableResourceInterface {
	return deployments{w: c.w}
}

type deployments struct {
	dynamic.NamespaceableResourceInterface
	w *world
}

func (d deployments) Namespace(string) dynamic.ResourceInterface { return d }

func (d deployments) Patch(_ context.Context, _ string, _ types.PatchType, data []byte, _ metav1.PatchOptions,
	_ ...string,
) (*unstructured.Unstructured, error) {
	var patch []struct {
		Value int32 `json:"value"`
	}
	if err := json.Unmarshal(data, &patch); err != nil {
		return nil, err
	}
	d.w.replicas = patch[0].Value
	d.w.order.patched = &patch[0].Value
	return nil, nil
}

// prober is asked to probe until the activator answers; the trace says when it does.
type prober struct{ w *world }

func (p prober) Offer(context.Context, string, interface{}, time.Duration, time.Duration, ...interface{}) bool {
	p.w.order.probed = true
	return true
}

func jsonArray(values ...any) ([]byte, error) { return json.Marshal(values) }
