// Package types has the shape of k8s.io/apimachinery/pkg/types, as far as an Event needs it.
package types

// UID identifies an object.
type UID string
