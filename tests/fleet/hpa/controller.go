// Package hpa runs the HorizontalPodAutoscaler's own controller over states that are given, so that what Deskhand
// works out can be compared with it. Nothing of the controller is replaced except whom it asks: pods, metrics and
// scales come from the state, and time from a bubble of testing/synctest.
package hpa

import (
	"context"
	_ "unsafe" // for go:linkname

	"k8s.io/kubernetes/pkg/controller/podautoscaler"
)

// reconcileKey is one look of the controller, which its queue calls every sync period.
//
//go:linkname reconcileKey k8s.io/kubernetes/pkg/controller/podautoscaler.(*HorizontalController).reconcileKey
func reconcileKey(*podautoscaler.HorizontalController, context.Context, string) (bool, error)
