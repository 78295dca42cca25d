// Command golden executes templates with Go's own text/template: cases in, results out, both as JSON.
package main

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"text/template"
	"time"
	_ "time/tzdata"

	corev1 "golden/corev1"
	metav1 "golden/metav1"
)

type testCase struct {
	Template string          `json:"template"`
	Event    json.RawMessage `json:"event"`
	Zone     string          `json:"zone"`
}

type result struct {
	Want  *string `json:"want,omitempty"`
	Error string  `json:"error,omitempty"`
	Stage string  `json:"stage,omitempty"`
}

// lastTimestamp is the one field that we fill by a rule of our own: when the event happened.
func lastTimestamp(event *corev1.Event) metav1.Time {
	candidates := []time.Time{event.LastTimestamp.Time, event.EventTime.Time, event.FirstTimestamp.Time,
		event.CreationTimestamp.Time}
	if event.Series != nil {
		candidates = append([]time.Time{event.Series.LastObservedTime.Time}, candidates...)
	}
	for _, candidate := range candidates {
		if !candidate.IsZero() {
			return metav1.Time{Time: candidate}
		}
	}
	return metav1.Time{}
}

func run(one testCase) result {
	zone, err := time.LoadLocation(one.Zone)
	if err != nil {
		panic(err)
	}
	time.Local = zone
	var event corev1.Event
	if err := json.Unmarshal(one.Event, &event); err != nil {
		panic(err)
	}
	event.LastTimestamp = lastTimestamp(&event)
	parsed, err := template.New("the main template").Parse(one.Template)
	if err != nil {
		return result{Error: err.Error(), Stage: "parse"}
	}
	var out strings.Builder
	if err := parsed.Execute(&out, &event); err != nil {
		var where template.ExecError
		if !errors.As(err, &where) {
			panic(err)
		}
		return result{Error: err.Error(), Stage: "execute"}
	}
	text := strings.ToValidUTF8(out.String(), "")
	if text != out.String() {
		text = string([]rune(out.String())) // each byte that is no part of a rune becomes U+FFFD
	}
	return result{Want: &text}
}

func main() {
	var cases []testCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	results := make([]result, 0, len(cases))
	for _, one := range cases {
		results = append(results, run(one))
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		panic(err)
	}
}
