package oracle

import (
	"context"
	"maps"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"knative.dev/serving/pkg/apis/autoscaling"
	autoscalingv1alpha1 "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	asconfig "knative.dev/serving/pkg/autoscaler/config"
	"knative.dev/serving/pkg/autoscaler/config/autoscalerconfig"
	"knative.dev/serving/pkg/deployment"
	"knative.dev/serving/pkg/reconciler/autoscaling/config"
	kparesources "knative.dev/serving/pkg/reconciler/autoscaling/kpa/resources"
	aresources "knative.dev/serving/pkg/reconciler/autoscaling/resources"
)

// A reading is what is configured: two ConfigMaps and a revision.
type reading struct {
	Config               map[string]string `json:"config"`
	Deployment           map[string]string `json:"deployment"`
	Annotations          map[string]string `json:"annotations"`
	ContainerConcurrency int64             `json:"containerConcurrency"`
}

// What Knative makes of it, with our names for it.
type spec struct {
	// What is wrong with the ConfigMaps; then there is nothing else.
	ConfigError string `json:"configError"`
	// What the webhook has against the annotations.
	AnnotationError string `json:"annotationError"`

	Metric              string  `json:"metric"`
	Aggregation         string  `json:"aggregation"`
	TargetValue         float64 `json:"targetValue"`
	TotalValue          float64 `json:"totalValue"`
	TargetBurstCapacity float64 `json:"targetBurstCapacity"`
	ActivatorCapacity   float64 `json:"activatorCapacity"`
	StableWindowMs      float64 `json:"stableWindowMs"`
	PanicWindowMs       float64 `json:"panicWindowMs"`
	PanicThreshold      float64 `json:"panicThreshold"`
	MaxScaleUpRate      float64 `json:"maxScaleUpRate"`
	MaxScaleDownRate    float64 `json:"maxScaleDownRate"`
	ScaleDownDelayMs    float64 `json:"scaleDownDelayMs"`
	ActivationScale     int32   `json:"activationScale"`
	InitialScale        int32   `json:"initialScale"`
	MinScale            int32   `json:"minScale"`
	MaxScale            int32   `json:"maxScale"`
	ScaleToZero         bool    `json:"isScaleToZeroEnabled"`
	GraceMs             float64 `json:"scaleToZeroGraceMs"`
	RetentionMs         float64 `json:"podRetentionMs"`
	ProgressDeadlineMs  float64 `json:"progressDeadlineMs"`
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// configs reads the ConfigMaps.
func (r reading) configs() (*config.Config, error) {
	as, err := asconfig.NewConfigFromMap(r.Config)
	if err != nil {
		return nil, err
	}
	data := map[string]string{deployment.QueueSidecarImageKey: "queue"}
	maps.Copy(data, r.Deployment)
	d, err := deployment.NewConfigFromMap(data)
	if err != nil {
		return nil, err
	}
	return &config.Config{Autoscaler: as, Deployment: d}, nil
}

// autoscaler makes the PodAutoscaler of the revision.
func (r reading) autoscaler() *autoscalingv1alpha1.PodAutoscaler {
	pa := &autoscalingv1alpha1.PodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: revision, UID: "1", Annotations: map[string]string{}},
	}
	maps.Copy(pa.Annotations, r.Annotations)
	pa.Spec.ContainerConcurrency = r.ContainerConcurrency
	return pa
}

func (r reading) read() spec {
	cfg, err := r.configs()
	if err != nil {
		return spec{ConfigError: err.Error()}
	}
	return r.specOf(cfg.Autoscaler, cfg.Deployment)
}

func (r reading) specOf(as *autoscalerconfig.Config, d *deployment.Config) spec {
	pa := r.autoscaler()
	decider := kparesources.MakeDecider(pa, as).Spec
	metric := aresources.MakeMetric(pa, "", as)
	lo, hi := pa.ScaleBounds(as)
	retention, ok := pa.ScaleToZeroPodRetention()
	if !ok {
		retention = as.ScaleToZeroPodRetentionPeriod
	}
	deadline, ok := pa.ProgressDeadline()
	if !ok {
		deadline = d.ProgressDeadline
	}
	s := spec{
		Metric:              decider.ScalingMetric,
		Aggregation:         metric.AggregationAlgorithm(),
		TargetValue:         decider.TargetValue,
		TotalValue:          decider.TotalValue,
		TargetBurstCapacity: decider.TargetBurstCapacity,
		ActivatorCapacity:   decider.ActivatorCapacity,
		StableWindowMs:      ms(decider.StableWindow),
		PanicWindowMs:       ms(metric.Spec.PanicWindow),
		PanicThreshold:      decider.PanicThreshold,
		MaxScaleUpRate:      decider.MaxScaleUpRate,
		MaxScaleDownRate:    decider.MaxScaleDownRate,
		ScaleDownDelayMs:    ms(decider.ScaleDownDelay),
		ActivationScale:     decider.ActivationScale,
		InitialScale:        decider.InitialScale,
		MinScale:            lo,
		MaxScale:            hi,
		ScaleToZero:         as.EnableScaleToZero,
		GraceMs:             ms(as.ScaleToZeroGracePeriod),
		RetentionMs:         ms(retention),
		ProgressDeadlineMs:  ms(deadline),
	}
	annotations := map[string]string{autoscaling.ClassAnnotationKey: autoscaling.KPA}
	maps.Copy(annotations, r.Annotations)
	if err := autoscaling.ValidateAnnotations(context.Background(), as, annotations); err != nil {
		s.AnnotationError = err.Error()
	}
	return s
}
