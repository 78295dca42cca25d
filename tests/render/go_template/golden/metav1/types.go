// Package v1 has the shape and the method set of k8s.io/apimachinery/pkg/apis/meta/v1, as far as an Event needs it.
package v1

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"golden/types"
)

type Time struct{ time.Time }

type MicroTime struct{ time.Time }

func (t *Time) IsZero() bool { return t == nil || t.Time.IsZero() }

func (t *Time) Before(u *Time) bool { return t != nil && u != nil && t.Time.Before(u.Time) }

func (t *Time) Equal(u *Time) bool {
	if t == nil || u == nil {
		return t == nil && u == nil
	}
	return t.Time.Equal(u.Time)
}

func (t *Time) UnmarshalJSON(data []byte) error { return parse(&t.Time, data) }

func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(t.UTC().Format(time.RFC3339))
}

func (t *Time) GoString() string {
	if t == nil {
		return "metav1.NewTime(time.Time{})"
	}
	return t.Time.GoString()
}

func (t *MicroTime) IsZero() bool { return t == nil || t.Time.IsZero() }

func (t *MicroTime) Before(u *MicroTime) bool { return t != nil && u != nil && t.Time.Before(u.Time) }

func (t *MicroTime) Equal(u *MicroTime) bool {
	if t == nil || u == nil {
		return t == nil && u == nil
	}
	return t.Time.Equal(u.Time)
}

func (t *MicroTime) BeforeTime(u *Time) bool { return t != nil && u != nil && t.Time.Before(u.Time) }

func (t *MicroTime) UnmarshalJSON(data []byte) error { return parse(&t.Time, data) }

func (t *MicroTime) GoString() string {
	if t == nil {
		return "metav1.NewMicroTime(time.Time{})"
	}
	return t.Time.GoString()
}

func parse(into *time.Time, data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil || text == nil {
		return err
	}
	parsed, err := time.Parse(time.RFC3339, *text)
	*into = parsed.Local()
	return err
}

type TypeMeta struct {
	Kind       string `json:"kind,omitempty"`
	APIVersion string `json:"apiVersion,omitempty"`
}

func (m *TypeMeta) String() string {
	if m == nil {
		return "nil"
	}
	return fmt.Sprintf("&TypeMeta{Kind:%v,APIVersion:%v,}", m.Kind, m.APIVersion)
}

type OwnerReference struct {
	Name string `json:"name"`
}

type ManagedFieldsEntry struct {
	Manager string `json:"manager"`
}

type ObjectMeta struct {
	Name                       string               `json:"name,omitempty"`
	GenerateName               string               `json:"generateName,omitempty"`
	Namespace                  string               `json:"namespace,omitempty"`
	SelfLink                   string               `json:"selfLink,omitempty"`
	UID                        types.UID            `json:"uid,omitempty"`
	ResourceVersion            string               `json:"resourceVersion,omitempty"`
	Generation                 int64                `json:"generation,omitempty"`
	CreationTimestamp          Time                 `json:"creationTimestamp,omitempty"`
	DeletionTimestamp          *Time                `json:"deletionTimestamp,omitempty"`
	DeletionGracePeriodSeconds *int64               `json:"deletionGracePeriodSeconds,omitempty"`
	Labels                     map[string]string    `json:"labels,omitempty"`
	Annotations                map[string]string    `json:"annotations,omitempty"`
	OwnerReferences            []OwnerReference     `json:"ownerReferences,omitempty"`
	Finalizers                 []string             `json:"finalizers,omitempty"`
	ManagedFields              []ManagedFieldsEntry `json:"managedFields,omitempty"`
}

func (m *ObjectMeta) GetName() string                   { return m.Name }
func (m *ObjectMeta) GetNamespace() string              { return m.Namespace }
func (m *ObjectMeta) GetLabels() map[string]string      { return m.Labels }
func (m *ObjectMeta) GetUID() types.UID                 { return m.UID }
func (m *ObjectMeta) GetCreationTimestamp() Time        { return m.CreationTimestamp }
func (m *ObjectMeta) GetAnnotations() map[string]string { return m.Annotations }

func stringMap(entries map[string]string) string {
	keys := make([]string, 0, len(entries))
	for key := range entries {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var text strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&text, "%v: %v,", key, entries[key])
	}
	return "map[string]string{" + text.String() + "}"
}

func (m *ObjectMeta) String() string {
	if m == nil {
		return "nil"
	}
	return fmt.Sprintf("&ObjectMeta{Name:%v,GenerateName:%v,Namespace:%v,SelfLink:%v,UID:%v,ResourceVersion:%v,"+
		"Generation:%v,CreationTimestamp:%v,DeletionTimestamp:%v,DeletionGracePeriodSeconds:nil,Labels:%s,Annotations:%s,"+
		"OwnerReferences:[]OwnerReference{},Finalizers:%v,ManagedFields:[]ManagedFieldsEntry{},}",
		m.Name, m.GenerateName, m.Namespace, m.SelfLink, m.UID, m.ResourceVersion, m.Generation, m.CreationTimestamp,
		m.DeletionTimestamp, stringMap(m.Labels), stringMap(m.Annotations), m.Finalizers)
}
