# ruff: noqa: E501  # a case reads best on one line
"""The cases of the golden set: what to execute; what it gives is Go's to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .cases_fmt import FLOATS, PRINTF
from .cases_parse import PARSE_ERRORS

POD: dict[str, Any] = {
    "kind": "Event",
    "apiVersion": "v1",
    "metadata": {
        "name": "web-1.16f",
        "namespace": "shop",
        "uid": "0b1c-22",
        "resourceVersion": "4711",
        "creationTimestamp": "2022-03-08T03:10:48Z",
        "labels": {"tier": "b", "app": "web", "app.kubernetes.io/name": "x"},
        "annotations": {"note": "<b>&\"'"},
    },
    "involvedObject": {
        "kind": "Pod",
        "namespace": "shop",
        "name": "web-1",
        "uid": "u-1",
        "apiVersion": "v1",
        "resourceVersion": "4700",
        "fieldPath": "spec.containers{web}",
    },
    "reason": "BackOff",
    "message": "Back-off restarting \"web\"\n\tpath C:\\x = <a> & 'b'",
    "source": {"component": "kubelet", "host": "node-1"},
    "firstTimestamp": "2022-03-08T03:10:47Z",
    "lastTimestamp": "2022-03-08T03:15:47Z",
    "count": 3,
    "type": "Warning",
}
SERIES: dict[str, Any] = {
    "metadata": {"name": "s", "namespace": "shop", "creationTimestamp": "2024-07-04T23:59:59Z"},
    "involvedObject": {"kind": "Node", "name": "节点-1"},
    "reason": "NodeNotReady",
    "message": "节点 né 😀 down\u200b",
    "type": "Normal",
    "eventTime": "2024-07-04T16:00:01.120000Z",
    "series": {"count": 7, "lastObservedTime": "2024-11-03T06:30:00.000500Z"},
    "action": "Binding",
    "related": {"kind": "Pod", "name": "other", "uid": "r-1"},
    "reportingComponent": "node-controller",
    "reportingInstance": "nc-1",
}
BARE: dict[str, Any] = {"metadata": {}, "involvedObject": {}}

SHANGHAI, UTC, NEW_YORK = "Asia/Shanghai", "UTC", "America/New_York"


@dataclass(frozen=True)
class Case:
    """One template over one event in one zone."""

    template: str
    event: dict[str, Any]
    zone: str = SHANGHAI

    def as_json(self) -> dict[str, Any]:
        """The form that the Go program and the golden file share."""
        name = f"{self.template[:60]} / {self.event.get('reason', 'bare')} / {self.zone}"
        return {"name": name, "template": self.template, "event": self.event, "zone": self.zone}


FIELDS = (
    """
{{ .Kind }} {{ .APIVersion }} {{ .Name }} {{ .Namespace }} {{ .UID }} {{ .ResourceVersion }} {{ .GenerateName }}|
{{ .ObjectMeta.Name }} {{ .TypeMeta.Kind }} {{ .Generation }} {{ .SelfLink }}|{{ .Finalizers }}{{ .OwnerReferences }}
{{ .DeletionTimestamp }} {{ .DeletionGracePeriodSeconds }} {{ .ManagedFields }} {{ .CreationTimestamp }}
{{ .Type }} {{ .Reason }} {{ .Message }} {{ .Count }} {{ .Action }} {{ .ReportingController }} {{ .ReportingInstance }}
{{ .InvolvedObject.Kind }}/{{ .InvolvedObject.Namespace }}/{{ .InvolvedObject.Name }} {{ .InvolvedObject.FieldPath }}
{{ .Source.Component }},{{ .Source.Host }} {{ .FirstTimestamp }} {{ .LastTimestamp }} {{ .EventTime }}
{{ .InvolvedObject }}
{{ .Source }} {{ .Series }} {{ .Related }} {{ .Labels }} {{ .Annotations }}
{{ .ObjectMeta }}
{{ .TypeMeta }}
{{ . }}
{{ .GetName }} {{ .GetLabels }} {{ .GetUID }} {{ .GetCreationTimestamp }}
{{ .Series.Count }} {{ .Series.LastObservedTime }}
{{ .Related.Name }} {{ .Related.UID }}
{{ if .Series }}{{ .Series.Count }}{{ else }}none{{ end }} {{ with .Related }}{{ .Kind }}{{ else }}none{{ end }}
{{ .Labels.app }} {{ .Labels.missing }} {{ index .Labels "tier" }} [{{ index .Labels "missing" }}]
{{ index .Annotations "note" }} {{ len .Labels }} {{ len .Message }}
{{ .Labels.app.x }}
{{ .Labels.missing.more.still }}
{{ .InvolvedObject.String }} {{ .Series.String }}
{{ $.Name }} {{ $e := . }}{{ $e.InvolvedObject.Name }} {{ ($e).Source.Host }} {{ (.InvolvedObject).Kind }}
{{ print .InvolvedObject }} {{ print . }}
{{ print .Series }} {{ html .InvolvedObject }} {{ html .Series }} {{ js .Related }}
{{ .Foo }}
{{ .InvolvedObject.Foo }}
{{ .Name.Foo }}
{{ .Series.Foo }}
{{ .name }}
{{ .Name 1 }}
{{ 1 | .Name }}
{{ .Labels.app 1 }}
{{ .Source.Host.Length }}
{{ .InvolvedObject.UID | printf }}
{{ .UID | printf "%s %T %q" .UID }}
""".strip()
    .replace("\n{{", "\x00{{")
    .replace("|\x00", "|")
    .split("\x00")
)

TIMES = """
{{ .LastTimestamp }}|{{ .FirstTimestamp }}|{{ .EventTime }}|{{ .CreationTimestamp }}
{{ .LastTimestamp.Format "2006-01-02 15:04:05" }}
{{ .LastTimestamp.Format "Monday January 2 _2 02 __2 002 Jan Mon 1 01 06 2006 _2006 3 03 PM pm 4 04 5 05" }}
{{ .LastTimestamp.Format "-07 -0700 -07:00 -070000 -07:00:00 Z07 Z0700 Z07:00 Z070000 Z07:00:00 MST" }}
{{ .LastTimestamp.Format ".000 .999 ,000000 .999999999 .0001 x.9 .00a" }}
{{ .LastTimestamp.Format "Month Janu Mond 20060102150405" }}{{ .LastTimestamp.Format "" }}
{{ .LastTimestamp.Format "年01月" }} {{ .LastTimestamp.Time.Format "3:04PM" }}
{{ "15:04" | .LastTimestamp.Format }} {{ .EventTime.Format "15:04:05.000000" }}
{{ .LastTimestamp.String }} {{ .LastTimestamp.Time }} {{ .LastTimestamp.UTC }} {{ .LastTimestamp.UTC.Local }}
{{ .LastTimestamp.Unix }} {{ .LastTimestamp.UnixNano }} {{ .LastTimestamp.UnixMilli }} {{ .LastTimestamp.UnixMicro }}
{{ .LastTimestamp.IsZero }} {{ .EventTime.IsZero }} {{ .DeletionTimestamp.IsZero }} {{ .LastTimestamp.IsDST }}
{{ .LastTimestamp.Year }} {{ .LastTimestamp.Month }} {{ .LastTimestamp.Day }} {{ .LastTimestamp.Weekday }}
{{ .LastTimestamp.Hour }}:{{ .LastTimestamp.Minute }}:{{ .LastTimestamp.Second }}.{{ .LastTimestamp.Nanosecond }}
{{ .LastTimestamp.YearDay }} {{ printf "%d %s %02d" .LastTimestamp.Month .LastTimestamp.Month .LastTimestamp.Weekday }}
{{ .FirstTimestamp.Before .LastTimestamp }} {{ .LastTimestamp.Equal .LastTimestamp }} {{ .LastTimestamp.Before nil }}
{{ .LastTimestamp.After .FirstTimestamp.Time }} {{ .LastTimestamp.Sub .FirstTimestamp.Time }}
{{ (.LastTimestamp.Sub .FirstTimestamp.Time).Minutes }} {{ (.LastTimestamp.Sub .FirstTimestamp.Time).Seconds }}
{{ .LastTimestamp.Sub .FirstTimestamp }}
{{ .LastTimestamp.After .FirstTimestamp }}
{{ .LastTimestamp.Add 90000000000 }} {{ .LastTimestamp.AddDate 0 1 25 }} {{ .LastTimestamp.Truncate 3600000000000 }}
{{ .LastTimestamp.Format }}
{{ .LastTimestamp.Format 5 }}
{{ .LastTimestamp.Format .Count }}
{{ .LastTimestamp.Format "a" "b" }}
{{ .LastTimestamp.Date }}
{{ .LastTimestamp.Zone }}
{{ .LastTimestamp.Nope }}
{{ .DeletionTimestamp.Format "15" }}
{{ printf "%s|%v|%q|%10.4s|%x" .LastTimestamp .LastTimestamp .LastTimestamp .LastTimestamp .LastTimestamp }}
{{ printf "%T %T %T %T" .LastTimestamp .EventTime .LastTimestamp.Time .LastTimestamp.Month }}
{{ printf "%#v" .LastTimestamp.Time }} {{ printf "%#v" .LastTimestamp.UTC }} {{ printf "%#v" .LastTimestamp }}
{{ print .LastTimestamp .EventTime }} {{ println .LastTimestamp.Month 1 }}
{{ eq .LastTimestamp .LastTimestamp }} {{ eq .FirstTimestamp .LastTimestamp }} {{ .LastTimestamp.Compare .FirstTimestamp.Time }}
{{ .LastTimestamp.MarshalText }} {{ printf "%s %x" .LastTimestamp.MarshalJSON .LastTimestamp.MarshalText }}
{{ range .LastTimestamp }}{{ end }}
{{ len .LastTimestamp }}
{{ js .LastTimestamp }} {{ html .EventTime }} {{ urlquery .LastTimestamp }}
""".strip().split("\n")

FLOW = (
    """
{{ if true }}a{{ end }}{{ if false }}b{{ else }}c{{ end }}{{ if 0 }}d{{ else if "" }}e{{ else if 1 }}f{{ else }}g{{ end }}
{{ if .Labels }}L{{ end }}{{ if .Finalizers }}F{{ else }}n{{ end }}{{ if .Source }}S{{ end }}{{ if not .Series }}n{{ end }}
{{ with .Source }}{{ .Host }}{{ $.Name }}{{ end }}{{ with "" }}x{{ else with .Reason }}{{ . }}{{ else }}y{{ end }}
{{ with $x := .Reason }}{{ $x }}{{ . }}{{ end }}{{ if $x := .Count }}{{ $x }}{{ end }}
{{ range $k, $v := .Labels }}{{ $k }}={{ $v }};{{ end }}{{ range .Labels }}{{ . }},{{ end }}
{{ range $v := .Labels }}{{ $v }}{{ end }}{{ range .Finalizers }}x{{ else }}none{{ end }}{{ range nil }}{{ end }}
{{ range 3 }}{{ . }}{{ end }}{{ range $i := 3 }}{{ $i }}{{ end }}{{ range .Count }}{{ printf "%T" . }}{{ else }}z{{ end }}
{{ range $i, $v := 3 }}{{ end }}
{{ range $k, $v := .Labels }}{{ if eq $v "b" }}{{ break }}{{ end }}{{ $k }}{{ end }}.
{{ range $k, $v := .Labels }}{{ if eq $v "web" }}{{ continue }}{{ end }}{{ $k }}{{ end }}.
{{ range 2 }}{{ range 3 }}{{ if eq . 1 }}{{ break }}{{ end }}{{ . }}{{ end }}-{{ end }}
{{ $x := 1 }}{{ range 3 }}{{ $x = . }}{{ end }}{{ $x }}{{ if true }}{{ $x := 9 }}{{ $x }}{{ end }}{{ $x }}
{{ $x := 1 }}{{ $y := $x }}{{ $x = "s" }}{{ $x }}{{ $y }}{{ $z := .Source }}{{ $z.Host }}
{{ $a := "" }}{{ $b := "" }}{{ range $a, $b = .Labels }}{{ end }}{{ $a }}{{ $b }}
{{ define "t" }}<{{ . }}{{ $ }}>{{ end }}{{ template "t" .Reason }}{{ template "t" }}{{ template "t" 3 }}
{{ block "b" .Source }}{{ .Host }}{{ end }}{{ template "b" .Source }}
{{ define "a" }}A{{ end }}{{ define `b` }}{{ template "a" }}B{{ end }}{{ template "b" }}
{{ template "later" . }}{{ define "later" }}{{ .Name }}{{ end }}
{{ define "x" }} {{ end }}{{ define "x" }}y{{ end }}{{ template "x" }}
{{ define "x" }}a{{ end }}{{ define "x" }}b{{ end }}
{{ template "missing" }}
{{ define "r" }}{{ template "r" }}{{ end }}{{ template "r" }}
{{ range .Name }}{{ end }}
{{ range true }}{{ end }}
{{ range .Series }}{{ else }}none{{ end }}
{{ range 1.5 }}{{ end }}
{{ and 1 0 2 }} {{ and 1 2 }} {{ or 0 "" 3 }} {{ or 0 "" }}| {{ not 0 }} {{ not "a" }} {{ 5 | and 1 }} {{ 0 | or "" }}
{{ and .Series .Series.Count }}
{{ and false (index .Labels 3) }} {{ or true (index .Labels 3) }}
{{ or false (index .Labels 3) }}
{{ (and .Labels .Reason) | printf "%s-%s" "x" }} {{ "a" | printf "%s%s" "b" | printf "%s%s" "c" }}
{{ (printf "%s" .Reason) }} {{ ((1)) }} {{ (len (print 12)) }}
a {{- "b" -}} c {{ "d" }} e {{- /* c */ -}} f {{/* g */}} h
{{- 3 -}} x {{- -3 -}} {{ -3 }} {{-3}}
 {{- "  " }} {{ "a" -}}
a{{/* x */ -}}   b
{{ "a}}b" }}{{ `raw\n"` }}{{ "\t\x41\101\u00e9\U0001f600\"\\\a" }}{{ 'a' }} {{ '\n' }} {{ '\'' }} {{ '世' }}
{{ 1_000 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 017 }} {{ -5 }} {{ +5 }} {{ 1.5 }} {{ 1e3 }} {{ 1e6 }} {{ .5 }} {{ 0x1p4 }}
{{ 1_0.5 }} {{ 1.0 }} {{ 100000.0 }} {{ 1234567.0 }} {{ 1e20 }} {{ 1e21 }} {{ 1e-4 }} {{ 1e-5 }} {{ 1i }} {{ 1+2i }}
{{ true }} {{ false }} {{ "x" | print }} {{ nil | print }}
{{ print nil }} {{ printf "%v %d" nil nil }} {{ eq nil nil }} {{ eq .Series nil }} {{ ne .Related nil }}
{{ nil }}
{{ 1 2 }}
{{ "a" "b" }}
{{ (1) 2 }}
{{ 1 | (print) }}
{{ $x := 1 }}{{ $x 2 }}
{{ 18446744073709551615 }}
{{ 9223372036854775808 | print }}
{{ $x = 1 }}
{{ $y := $y }}
{{ if and (eq .Type "Warning") (gt .Count 2) }}hot{{ end }}{{ if or (eq .Reason "A" "B" "BackOff") false }}!{{ end }}
{{- define "h" }}[{{ .InvolvedObject.Kind }}]{{ end -}} {{ template "h" . }} {{- template "h" $ -}}
{{ break }}
{{ continue }}
{{ range 3 }}{{ define "q" }}{{ break }}{{ end }}{{ end }}
{{ range 3 }}{{ template "q" }}{{ end }}{{ define "q" }}.{{ end }}
{{ with .Source }}{{ .Name }}{{ end }}
plain text, no action: {"a": "b\\n"} }} { {
""".strip()
    .replace("\n{{", "\x00{{")
    .replace("\na", "\x00a")
    .replace("\n ", "\x00 ")
    .replace("\npl", "\x00pl")
    .split("\x00")
)

BUILTINS = """
{{ eq 1 1 }} {{ eq 1 2 1 }} {{ eq "a" "a" }} {{ eq .Type "Warning" }} {{ eq .UID "0b1c-22" }} {{ eq .Count 3 }} {{ eq 1.5 1.5 }}
{{ ne 1 2 }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt 3 2 }} {{ ge 2 3 }} {{ lt "a" "b" }} {{ lt 1.5 2.5 }} {{ eq true false }} {{ eq 'a' 97 }}
{{ eq 1 1.0 }}
{{ eq "1" 1 }}
{{ lt 1 "a" }}
{{ lt true false }}
{{ lt .Labels .Labels }}
{{ eq .Labels .Labels }}
{{ eq .Finalizers nil }} {{ eq .InvolvedObject .InvolvedObject }} {{ eq .InvolvedObject .Source }} {{ eq . . }}
{{ eq .Source 1 }}
{{ eq 1 }}
{{ eq }}
{{ ne 1 }}
{{ ne 1 2 3 }}
{{ not }}
{{ and }}
{{ lt nil 1 }}
{{ eq .Labels.missing "x" }} {{ ne .Labels.missing "x" }} {{ eq .Labels.missing nil }}
{{ eq (index "abc" 0) 97 }} {{ index "abc" 1 }} {{ printf "%T %c" (index "abc" 2) (index "abc" 2) }} {{ lt (index "a" 0) 98 }}
{{ index .Labels "app" }} {{ index "x" }} {{ index .Labels }}
{{ index "abc" 3 }}
{{ index "abc" -1 }}
{{ index "abc" "1" }}
{{ index "abc" nil }}
{{ index "abc" true }}
{{ index .Labels 1 }}
{{ index .Labels nil }}
{{ index .Labels .UID }}
{{ index .Labels "app" 1 }} {{ index .Labels "missing" }}
{{ index nil 1 }}
{{ index .Series 1 }}
{{ index .Source 1 }}
{{ index 5 1 }}
{{ index .Finalizers 0 }}
{{ index }}
{{ slice "hello" }} {{ slice "hello" 1 }} {{ slice "hello" 1 3 }} {{ slice "hello" 5 }}| {{ slice .Message 0 8 }} {{ slice .Finalizers }}
{{ slice "hello" 3 2 }}
{{ slice "hello" 0 6 }}
{{ slice "hello" 1 2 3 }}
{{ slice "a" 0 1 1 1 }}
{{ slice .Labels 1 }}
{{ slice nil }}
{{ slice "节点" 0 3 }} {{ slice "节点" 0 2 }} {{ slice "节点" 1 4 }} {{ len "节点" }} {{ index "节点" 0 }} {{ len (slice "节点" 0 2) }}
{{ len "" }} {{ len .Labels }} {{ len .Finalizers }} {{ len .Reason }}
{{ len 3 }}
{{ len nil }}
{{ len .Series }}
{{ len .Labels.missing }}
{{ len }}
{{ print 1 2 "a" "b" 3 4 true nil }} {{ print "a" 1 "b" }} {{ print }}|{{ println "a" 1 }}|{{ println }}|{{ print .UID "x" }}
{{ html .Message }} {{ html "<a href='x'>" "&" 1 2 }} {{ "a\\x00b" | html }} {{ html nil }} {{ html }}
{{ js .Message }} {{ js "节点\\u200b😀=" }} {{ js 1 "a" }} {{ .Message | js }} {{ js nil }} {{ js "\\x7f\\u0085\\u00ad" }}
{{ urlquery .Message }} {{ urlquery "a b&c=节/~-_." }} {{ urlquery 1 2 }}
{{ call nil }}
{{ call .Name }}
{{ call 3 }}
{{ html .Labels }} {{ js .Count }} {{ printf "%s" (js "<") | html }}
""".strip().split("\n")

CASES = [
    *(Case(template, event) for template in FIELDS for event in (POD, SERIES)),
    *(Case(template, POD) for template in TIMES),
    *(Case(template, SERIES, zone) for template in TIMES[:14] for zone in (SHANGHAI, UTC, NEW_YORK)),
    *(
        Case(template, BARE, NEW_YORK)
        for template in (*TIMES[:8], *TIMES[9:11], "{{ . }}", "{{ .LastTimestamp.UnixNano }}")
    ),
    *(Case(template, POD) for template in FLOW),
    *(Case(template, POD) for template in BUILTINS),
    *(
        Case(template, SERIES)
        for template in (
            "{{ js . }}",
            "{{ html .Message }}",
            "{{ len .Message }}",
            "{{ slice .Message 0 4 }}",
        )
    ),
    *(Case(template, POD) for template in PARSE_ERRORS),
    *(Case(template, POD) for template in (*PRINTF, *FLOATS)),
    *(Case(template, SERIES) for template in PRINTF[:12]),
    Case("{{ js 1 .Series .Related `x` .Count . }}", SERIES),
    Case("{{ html .Labels.no . 1 $ }}", POD),
]
