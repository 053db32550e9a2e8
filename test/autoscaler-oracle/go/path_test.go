package oracle

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	nv1alpha1 "knative.dev/networking/pkg/apis/networking/v1alpha1"
	"knative.dev/pkg/apis"
	aresources "knative.dev/serving/pkg/reconciler/autoscaling/resources"
)

// How requests reach the revision.
type path struct {
	provisioned  bool
	proxied      bool
	proxiedForMs *float64
	answering    bool
}

// createSKS makes the ServerlessService as it is at first.
func (w *world) createSKS() error {
	sks := aresources.MakeSKS(w.pa, nv1alpha1.SKSOperationModeProxy, 0)
	sks.Status.InitializeConditions()
	sks.Status.ServiceName, sks.Status.PrivateServiceName = "public", "private"
	sks.Status.MarkActivatorEndpointsPopulated()
	if err := w.skses.Add(sks); err != nil {
		return err
	}
	_, err := w.network.NetworkingV1alpha1().ServerlessServices(namespace).Create(w.ctx, sks, metav1.CreateOptions{})
	return err
}

// sks is the ServerlessService as the reconciler sees it.
func (w *world) sks() *nv1alpha1.ServerlessService {
	return w.skses.List()[0].(*nv1alpha1.ServerlessService)
}

// setPath tells how requests reach the revision; from then on only the trace does.
func (w *world) setPath(p path) {
	w.told = &p
	sks := w.sks()
	sks.Status.ServiceName, sks.Status.PrivateServiceName = "", ""
	if p.provisioned {
		sks.Status.ServiceName, sks.Status.PrivateServiceName = "public", "private"
	}
	sks.Spec.Mode = nv1alpha1.SKSOperationModeServe
	if p.proxied {
		sks.Spec.Mode = nv1alpha1.SKSOperationModeProxy
	}
	sks.Status.MarkActivatorEndpointsRemoved()
	if p.proxiedForMs == nil {
		return
	}
	sks.Status.MarkActivatorEndpointsPopulated()
	since := time.Now().Add(-time.Duration(*p.proxiedForMs * float64(time.Millisecond)))
	for i, c := range sks.Status.Conditions {
		if c.Type == nv1alpha1.ActivatorEndpointsPopulated {
			sks.Status.Conditions[i].LastTransitionTime = apis.VolatileTime{Inner: metav1.NewTime(since)}
		}
	}
}

// followPath does what the controller of ServerlessServices would, at once.
func (w *world) followPath(wanted nv1alpha1.ServerlessServiceSpec) {
	if w.told != nil {
		return
	}
	sks := w.sks()
	sks.Spec = wanted
	if sks.Spec.Mode == nv1alpha1.SKSOperationModeProxy || len(w.pods.ListKeys()) == 0 {
		sks.Status.MarkActivatorEndpointsPopulated()
	} else {
		sks.Status.MarkActivatorEndpointsRemoved()
	}
}
