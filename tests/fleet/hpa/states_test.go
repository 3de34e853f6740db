package hpa

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	scalefake "k8s.io/client-go/scale/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	autoscalingdefaults "k8s.io/kubernetes/pkg/apis/autoscaling/v2"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
	metricsclient "k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"
)

const (
	namespace = "fleet"
	name      = "workers"
)

// It takes longer to make than a sequence to run.
var mapper = testrestmapper.TestOnlyStaticRESTMapper(legacyscheme.Scheme)

// A sequence is one autoscaler and the looks at it, in order. Times are seconds since the same moment.
type sequence struct {
	Tolerance          float64 `json:"tolerance"`
	DownscaleSecs      int64   `json:"downscale_secs"`
	CPUInitSecs        int64   `json:"cpu_init_secs"`
	ReadinessDelaySecs int64   `json:"readiness_delay_secs"`
	Min                int32   `json:"min"`
	Max                int32   `json:"max"`
	Metrics            []metric
	Behavior           *behavior
	Steps              []step
}

type metric struct {
	Kind  string
	Value int64
	CPU   bool `json:"cpu"`
}

type behavior struct {
	Up, Down rules
}

type rules struct {
	WindowSecs     *int32 `json:"window_secs"`
	Select         *string
	Policies       []policy
	ToleranceMilli *int64 `json:"tolerance_milli"`
}

type policy struct {
	Kind       string
	Value      int32
	PeriodSecs int32 `json:"period_secs"`
}

type step struct {
	At       int64
	Spec     int32
	Status   int32
	Pods     []pod
	Readings []reading
}

type pod struct {
	Phase    string
	Deleting bool
	Started  *int64
	Ready    *string
	Since    int64
	Request  *int64
}

type sample struct {
	Milli  int64
	At     int64
	Window int64
}

type reading struct {
	Kind    string
	Samples []*sample
	Strays  []int64
	Values  []int64
}

// asked is what the controller asks of the outside, answered from the step that is looked at.
type asked struct {
	began time.Time
	step  *step
}

func (a *asked) at(secs int64) time.Time { return a.began.Add(time.Duration(secs) * time.Second) }

func (a *asked) reading(name string) (reading, error) {
	var index int
	if _, err := fmt.Sscanf(name, "m%d", &index); err != nil {
		return reading{}, err
	}
	found := a.step.Readings[index]
	if found.Kind == "unavailable" {
		return reading{}, fmt.Errorf("unavailable")
	}
	return found, nil
}

func (a *asked) samples(name string) (metricsclient.PodMetricsInfo, time.Time, error) {
	found, err := a.reading(name)
	if err != nil {
		return nil, time.Time{}, err
	}
	metrics := metricsclient.PodMetricsInfo{}
	for index, sample := range found.Samples {
		if sample != nil {
			metrics[fmt.Sprint("pod-", index)] = metricsclient.PodMetric{
				Timestamp: a.at(sample.At), Window: time.Duration(sample.Window) * time.Second, Value: sample.Milli,
			}
		}
	}
	for index, value := range found.Strays {
		metrics[fmt.Sprint("stray-", index)] = metricsclient.PodMetric{Timestamp: time.Now(), Value: value}
	}
	// As the client does that speaks to the metrics API.
	if len(metrics) == 0 {
		return nil, time.Time{}, fmt.Errorf("no metrics returned")
	}
	return metrics, time.Now(), nil
}

func (a *asked) GetResourceMetric(_ context.Context, _ corev1.ResourceName, _ string, _ labels.Selector, container string) (metricsclient.PodMetricsInfo, time.Time, error) {
	return a.samples(container)
}

func (a *asked) GetRawMetric(name string, _ string, _ labels.Selector, _ labels.Selector) (metricsclient.PodMetricsInfo, time.Time, error) {
	return a.samples(name)
}

func (a *asked) values(name string) ([]int64, time.Time, error) {
	found, err := a.reading(name)
	if err == nil && len(found.Values) == 0 {
		err = fmt.Errorf("no metrics returned")
	}
	return found.Values, time.Now(), err
}

func (a *asked) GetObjectMetric(name string, _ string, _ *autoscalingv2.CrossVersionObjectReference, _ labels.Selector) (int64, time.Time, error) {
	values, at, err := a.values(name)
	if err != nil {
		return 0, at, err
	}
	return values[0], at, nil
}

func (a *asked) GetExternalMetric(name string, _ string, _ labels.Selector) ([]int64, time.Time, error) {
	return a.values(name)
}

func (s *sequence) autoscaler() *autoscalingv2.HorizontalPodAutoscaler {
	hpa := &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: name},
			MinReplicas:    &s.Min,
			MaxReplicas:    s.Max,
		},
	}
	for index, metric := range s.Metrics {
		// Each metric has a name of its own, resources by a container of that name.
		identifier := autoscalingv2.MetricIdentifier{Name: fmt.Sprint("m", index)}
		resourceName := corev1.ResourceMemory
		if metric.CPU {
			resourceName = corev1.ResourceCPU
		}
		milli := resource.NewMilliQuantity(metric.Value, resource.DecimalSI)
		percent := int32(metric.Value)
		value := autoscalingv2.MetricTarget{Type: autoscalingv2.ValueMetricType, Value: milli}
		average := autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: milli}
		utilization := autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &percent}
		of := func(target autoscalingv2.MetricTarget) autoscalingv2.MetricSpec {
			source := &autoscalingv2.ContainerResourceMetricSource{Name: resourceName, Container: identifier.Name, Target: target}
			return autoscalingv2.MetricSpec{Type: autoscalingv2.ContainerResourceMetricSourceType, ContainerResource: source}
		}
		object := func(target autoscalingv2.MetricTarget) autoscalingv2.MetricSpec {
			source := &autoscalingv2.ObjectMetricSource{Metric: identifier, Target: target}
			return autoscalingv2.MetricSpec{Type: autoscalingv2.ObjectMetricSourceType, Object: source}
		}
		external := func(target autoscalingv2.MetricTarget) autoscalingv2.MetricSpec {
			source := &autoscalingv2.ExternalMetricSource{Metric: identifier, Target: target}
			return autoscalingv2.MetricSpec{Type: autoscalingv2.ExternalMetricSourceType, External: source}
		}
		hpa.Spec.Metrics = append(hpa.Spec.Metrics, map[string]autoscalingv2.MetricSpec{
			"resource_utilization": of(utilization),
			"resource_average":     of(average),
			"pods": {
				Type: autoscalingv2.PodsMetricSourceType,
				Pods: &autoscalingv2.PodsMetricSource{Metric: identifier, Target: average},
			},
			"object_value":     object(value),
			"object_average":   object(average),
			"external_value":   external(value),
			"external_average": external(average),
		}[metric.Kind])
	}
	if s.Behavior != nil {
		hpa.Spec.Behavior = &autoscalingv2.HorizontalPodAutoscalerBehavior{
			ScaleUp: s.Behavior.Up.rules(), ScaleDown: s.Behavior.Down.rules(),
		}
	}
	autoscalingdefaults.SetDefaults_HorizontalPodAutoscaler(hpa)
	return hpa
}

func (r rules) rules() *autoscalingv2.HPAScalingRules {
	rules := &autoscalingv2.HPAScalingRules{StabilizationWindowSeconds: r.WindowSecs}
	if r.Select != nil {
		selected := autoscalingv2.ScalingPolicySelect(*r.Select)
		rules.SelectPolicy = &selected
	}
	if r.ToleranceMilli != nil {
		rules.Tolerance = resource.NewMilliQuantity(*r.ToleranceMilli, resource.DecimalSI)
	}
	for _, policy := range r.Policies {
		rules.Policies = append(rules.Policies, autoscalingv2.HPAScalingPolicy{
			Type: autoscalingv2.HPAScalingPolicyType(policy.Kind), Value: policy.Value, PeriodSeconds: policy.PeriodSecs,
		})
	}
	return rules
}

func (a *asked) pods(metrics int) []any {
	pods := make([]any, 0, len(a.step.Pods))
	for index, given := range a.step.Pods {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: fmt.Sprint("pod-", index), Namespace: namespace, Labels: map[string]string{"app": name},
			},
			Status: corev1.PodStatus{Phase: corev1.PodPhase(given.Phase)},
		}
		if given.Deleting {
			now := metav1.Now()
			pod.DeletionTimestamp = &now
		}
		if given.Started != nil {
			started := metav1.NewTime(a.at(*given.Started))
			pod.Status.StartTime = &started
		}
		if given.Ready != nil {
			pod.Status.Conditions = []corev1.PodCondition{{
				Type: corev1.PodReady, Status: corev1.ConditionStatus(*given.Ready),
				LastTransitionTime: metav1.NewTime(a.at(given.Since)),
			}}
		}
		for index := range metrics {
			container := corev1.Container{Name: fmt.Sprint("m", index)}
			if given.Request != nil {
				request := *resource.NewMilliQuantity(*given.Request, resource.DecimalSI)
				container.Resources.Requests = corev1.ResourceList{
					corev1.ResourceCPU: request, corev1.ResourceMemory: request,
				}
			}
			pod.Spec.Containers = append(pod.Spec.Containers, container)
		}
		pods = append(pods, pod)
	}
	return pods
}

// run gives the replicas after each step.
func run(t *testing.T, sequence *sequence) []int32 {
	// The bubble's clock begins shortly before the first look, since whatever ticks in the controller ticks in it, too.
	first := time.Duration(sequence.Steps[0].At-1) * time.Second
	asked := &asked{began: time.Now().Add(-first)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hpa := sequence.autoscaler()
	// Without the schemas of every kind, which NewClientset reads anew each time.
	client := fake.NewSimpleClientset(hpa)
	var replicas int32
	scales := &scalefake.FakeScaleClient{}
	scales.AddReactor("get", "deployments", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &autoscalingv1.Scale{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
			Spec:       autoscalingv1.ScaleSpec{Replicas: asked.step.Spec},
			Status:     autoscalingv1.ScaleStatus{Replicas: asked.step.Status, Selector: "app=" + name},
		}, nil
	})
	scales.AddReactor("update", "deployments", func(action clienttesting.Action) (bool, runtime.Object, error) {
		scale := action.(clienttesting.UpdateAction).GetObject().(*autoscalingv1.Scale)
		replicas = scale.Spec.Replicas
		return true, scale, nil
	})
	factory := informers.NewSharedInformerFactory(client, 0)
	hpas, pods := factory.Autoscaling().V2().HorizontalPodAutoscalers(), factory.Core().V1().Pods()
	secs := func(secs int64) time.Duration { return time.Duration(secs) * time.Second }
	controller := podautoscaler.NewHorizontalController(
		ctx, client.CoreV1(), scales, client.AutoscalingV2(),
		mapper, asked, hpas, pods, secs(15),
		secs(sequence.DownscaleSecs), sequence.Tolerance, secs(sequence.CPUInitSecs), secs(sequence.ReadinessDelaySecs),
	)
	// What the controller has begun ends before the bubble does: where there is nothing to wait for, running it comes
	// down to shutting its queue.
	defer func() {
		cancel()
		controller.Run(ctx, 0)
	}()
	if err := hpas.Informer().GetIndexer().Add(hpa); err != nil {
		t.Fatal(err)
	}
	result := make([]int32, 0, len(sequence.Steps))
	for index := range sequence.Steps {
		asked.step = &sequence.Steps[index]
		time.Sleep(time.Until(asked.at(asked.step.At)))
		replicas = asked.step.Spec
		if err := pods.Informer().GetIndexer().Replace(asked.pods(len(sequence.Metrics)), ""); err != nil {
			t.Fatal(err)
		}
		// An error leaves the replicas as they are, or is about one metric of several.
		_, _ = reconcileKey(controller, ctx, namespace+"/"+name)
		result = append(result, replicas)
	}
	return result
}

// TestStates reads sequences as JSON lines from the file that STATES names and writes the replicas of each to the one
// that THEIRS names, a line each.
func TestStates(t *testing.T) {
	klog.SetLogger(logr.Discard())
	states, err := os.Open(os.Getenv("STATES"))
	if err != nil {
		t.Fatal(err)
	}
	defer states.Close()
	theirs, err := os.Create(os.Getenv("THEIRS"))
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	lines := bufio.NewScanner(states)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var given sequence
		if err := json.Unmarshal(lines.Bytes(), &given); err != nil {
			t.Fatal(err)
		}
		var result []int32
		synctest.Test(t, func(t *testing.T) { result = run(t, &given) })
		line, err := json.Marshal(result)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintln(theirs, string(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
