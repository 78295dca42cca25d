// Package v1 has the shape and the method set of k8s.io/api/core/v1, as far as an Event needs it.
package v1

import (
	"fmt"
	"strings"

	metav1 "golden/metav1"
	"golden/types"
)

type ObjectReference struct {
	Kind            string    `json:"kind,omitempty"`
	Namespace       string    `json:"namespace,omitempty"`
	Name            string    `json:"name,omitempty"`
	UID             types.UID `json:"uid,omitempty"`
	APIVersion      string    `json:"apiVersion,omitempty"`
	ResourceVersion string    `json:"resourceVersion,omitempty"`
	FieldPath       string    `json:"fieldPath,omitempty"`
}

func (r *ObjectReference) String() string {
	if r == nil {
		return "nil"
	}
	return fmt.Sprintf("&ObjectReference{Kind:%v,Namespace:%v,Name:%v,UID:%v,APIVersion:%v,ResourceVersion:%v,FieldPath:%v,}",
		r.Kind, r.Namespace, r.Name, r.UID, r.APIVersion, r.ResourceVersion, r.FieldPath)
}

type EventSource struct {
	Component string `json:"component,omitempty"`
	Host      string `json:"host,omitempty"`
}

func (s *EventSource) String() string {
	if s == nil {
		return "nil"
	}
	return fmt.Sprintf("&EventSource{Component:%v,Host:%v,}", s.Component, s.Host)
}

type EventSeries struct {
	Count            int32            `json:"count,omitempty"`
	LastObservedTime metav1.MicroTime `json:"lastObservedTime,omitempty"`
}

func (s *EventSeries) String() string {
	if s == nil {
		return "nil"
	}
	return fmt.Sprintf("&EventSeries{Count:%v,LastObservedTime:%v,}", s.Count, s.LastObservedTime)
}

type Event struct {
	metav1.TypeMeta     `json:",inline"`
	metav1.ObjectMeta   `json:"metadata"`
	InvolvedObject      ObjectReference  `json:"involvedObject"`
	Reason              string           `json:"reason,omitempty"`
	Message             string           `json:"message,omitempty"`
	Source              EventSource      `json:"source,omitempty"`
	FirstTimestamp      metav1.Time      `json:"firstTimestamp,omitempty"`
	LastTimestamp       metav1.Time      `json:"lastTimestamp,omitempty"`
	Count               int32            `json:"count,omitempty"`
	Type                string           `json:"type,omitempty"`
	EventTime           metav1.MicroTime `json:"eventTime,omitempty"`
	Series              *EventSeries     `json:"series,omitempty"`
	Action              string           `json:"action,omitempty"`
	Related             *ObjectReference `json:"related,omitempty"`
	ReportingController string           `json:"reportingComponent"`
	ReportingInstance   string           `json:"reportingInstance"`
}

func (e *Event) String() string {
	if e == nil {
		return "nil"
	}
	inner := func(text string) string { return strings.Replace(text, "&", "", 1) }
	return fmt.Sprintf("&Event{ObjectMeta:%v,InvolvedObject:%v,Reason:%v,Message:%v,Source:%v,FirstTimestamp:%v,"+
		"LastTimestamp:%v,Count:%v,Type:%v,EventTime:%v,Series:%v,Action:%v,Related:%v,ReportingController:%v,"+
		"ReportingInstance:%v,}", e.ObjectMeta, inner(e.InvolvedObject.String()), e.Reason, e.Message,
		inner(e.Source.String()), e.FirstTimestamp, e.LastTimestamp, e.Count, e.Type, e.EventTime, e.Series.String(),
		e.Action, e.Related.String(), e.ReportingController, e.ReportingInstance)
}
