// Command golden_alerts executes templates with Alertmanager's own template package: cases in, results out, as JSON.
//
// What that package has since a later version than Debian's is made here of Go's standard library.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"os"
	"strconv"
	"strings"
	tmplhtml "html/template"
	tmpltext "text/template"
	"time"
	_ "time/tzdata"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/types"
	"github.com/prometheus/common/model"
)

type testCase struct {
	Template    string         `json:"template"`
	Receiver    string         `json:"receiver"`
	GroupLabels model.LabelSet `json:"groupLabels"`
	ExternalURL string         `json:"externalURL"`
	Alerts      []model.Alert  `json:"alerts"`
	Matchers    string         `json:"matchers"`
}

type result struct {
	Want  *string `json:"want,omitempty"`
	Error string  `json:"error,omitempty"`
	Stage string  `json:"stage,omitempty"`
	Holds *bool   `json:"holds,omitempty"`
}

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func humanizeDuration(i interface{}) (string, error) {
	var v float64
	switch n := i.(type) {
	case float64:
		v = n
	case int:
		v = float64(n)
	case time.Duration:
		v = n.Seconds()
	case string:
		parsed, err := strconv.ParseFloat(n, 64)
		if err != nil {
			return "", err
		}
		v = parsed
	default:
		return "", fmt.Errorf("no number: %T", i)
	}
	size := math.Abs(v)
	whole, sign := int64(size), ""
	if v < 0 {
		sign = "-"
	}
	seconds, minutes, hours, days := whole%60, whole/60%60, whole/3600%24, whole/86400
	switch {
	case v == 0:
		return "0s", nil
	case days > 0:
		return fmt.Sprintf("%s%dd %dh %dm %ds", sign, days, hours, minutes, seconds), nil
	case hours > 0:
		return fmt.Sprintf("%s%dh %dm %ds", sign, hours, minutes, seconds), nil
	case minutes > 0:
		return fmt.Sprintf("%s%dm %ds", sign, minutes, seconds), nil
	case size >= 1:
		return fmt.Sprintf("%s%.4gs", sign, size), nil
	}
	unit := ""
	for _, smaller := range strings.Split("munpfazy", "") {
		if math.Abs(v) >= 1 {
			break
		}
		unit, v = smaller, v*1000
	}
	return fmt.Sprintf("%.4g%ss", v, unit), nil
}

func init() {
	for name, function := range (template.FuncMap{
		"trimSpace":        strings.TrimSpace,
		"safeUrl":          func(text string) tmplhtml.URL { return tmplhtml.URL(text) },
		"urlUnescape":      url.QueryUnescape,
		"date":             func(layout string, t time.Time) string { return t.Format(layout) },
		"since":            func(t time.Time) time.Duration { return now.Sub(t) },
		"humanizeDuration": humanizeDuration,
		"tz": func(name string, t time.Time) (time.Time, error) {
			zone, err := time.LoadLocation(name)
			if err != nil {
				return t, err
			}
			return t.In(zone), nil
		},
		"toJson": func(v interface{}) (string, error) {
			text, err := json.Marshal(v)
			return string(text), err
		},
	}) {
		template.DefaultFuncs[name] = function
	}
}

func render(one testCase) result {
	made, err := template.FromGlobs("/usr/share/gocode/src/github.com/prometheus/alertmanager/template")
	if err != nil {
		panic(err)
	}
	if made.ExternalURL, err = url.Parse(one.ExternalURL); err != nil {
		panic(err)
	}
	alerts := make([]*types.Alert, 0, len(one.Alerts))
	for _, alert := range one.Alerts {
		alerts = append(alerts, &types.Alert{Alert: alert, UpdatedAt: now})
	}
	data := made.Data(one.Receiver, one.GroupLabels, alerts...)
	if _, err := tmpltext.New("").Funcs(tmpltext.FuncMap(template.DefaultFuncs)).Parse(one.Template); err != nil {
		return result{Error: err.Error(), Stage: "parse"}
	}
	text, err := made.ExecuteTextString(one.Template, data)
	if err != nil {
		return result{Error: err.Error(), Stage: "execute"}
	}
	return result{Want: &text}
}

func matchers(one testCase) result {
	parsed, err := labels.ParseMatchers(one.Matchers)
	if err != nil {
		return result{Error: err.Error(), Stage: "parse"}
	}
	holds := labels.Matchers(parsed).Matches(one.Alerts[0].Labels)
	return result{Holds: &holds}
}

func main() {
	time.Local = time.FixedZone("CST", 8*3600)
	var cases []testCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	results := make([]result, 0, len(cases))
	for _, one := range cases {
		if one.Matchers != "" {
			results = append(results, matchers(one))
		} else {
			results = append(results, render(one))
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		panic(err)
	}
}
