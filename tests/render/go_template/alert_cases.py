# ruff: noqa: E501  # a case reads best on one line
"""The cases of the golden set of alerts: what they give is for Alertmanager's own template package to say."""

from __future__ import annotations

from typing import Any

FIRING: dict[str, Any] = {
    "labels": {
        "alertname": "HighLatency",
        "severity": "critical",
        "namespace": "payments",
        "pod": "web-1",
        "team": "b",
    },
    "annotations": {
        "summary": "p99 is 2.5 s",
        "description": 'line "one"\nline <two> & 三',
        "runbook_url": "http://r/x?a=b",
    },
    "startsAt": "2026-11-20T10:00:00.5Z",
    "generatorURL": "http://prometheus:9090/graph?g0.expr=up&g0.tab=1",
}
RESOLVED: dict[str, Any] = {
    "labels": {"alertname": "HighLatency", "severity": "warning", "namespace": "payments", "pod": "web-2", "team": "b"},
    "annotations": {"summary": "p99 is 2.5 s", "Zeta": "last?", "alpha": "first?"},
    "startsAt": "2026-11-20T09:00:00Z",
    "endsAt": "2026-11-20T09:12:34Z",
    "generatorURL": "http://prometheus:9090/graph",
}
BARE: dict[str, Any] = {
    "labels": {"x": "1"},
    "annotations": {},
    "startsAt": "2026-11-20T11:59:59.25Z",
    "generatorURL": "",
}
UNICODE: dict[str, Any] = {
    "labels": {"alertname": "磁盘", "b": "don't stop-it 3rd ÉCOLE ǆ ß", "a": "  padded\t", "c": ""},
    "annotations": {"text": "éa💥 a.b c_d 10GB x/y o’clock"},
    "startsAt": "2026-03-08T06:59:59Z",
    "generatorURL": "",
}

BOTH, ONE, OVER, NONE, OTHER = [FIRING, RESOLVED], [FIRING], [RESOLVED], [BARE], [UNICODE]

DATA = [
    "{{ .Receiver }} {{ .Status }} {{ .ExternalURL }} {{ len .Alerts }} {{ len .Alerts.Firing }} {{ len .Alerts.Resolved }}",
    "{{ range .Alerts }}{{ .Status }}|{{ .Labels.alertname }}|{{ .Annotations.summary }}|{{ .GeneratorURL }}|{{ .Fingerprint }}\n{{ end }}",
    "{{ range .Alerts.Firing }}F {{ .Labels.pod }}{{ end }}{{ range .Alerts.Resolved }}R {{ .Labels.pod }}{{ end }}",
    "{{ len .GroupLabels }} / {{ len .CommonLabels }} / {{ len .CommonAnnotations }}",
    "{{ len .GroupLabels.SortedPairs }} {{ .CommonLabels.SortedPairs.Names }} {{ .CommonLabels.SortedPairs.Values }}",
    '{{ .CommonLabels.Names }} {{ .CommonLabels.Values | join ", " }} {{ (.CommonLabels.Remove .GroupLabels.Names).Values }}',
    '{{ with .CommonLabels.Remove (stringSlice "team" "nope") }}{{ .Names }}{{ end }}',
    "{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}",
    "{{ range $k, $v := .CommonLabels }}{{ $k }}={{ $v }};{{ end }}",
    '{{ (index .Alerts 0).Labels.team }} {{ index .CommonLabels "nope" }}| {{ .CommonLabels.nope }}| {{ len .CommonLabels.nope }}',
    "{{ if .CommonLabels.nope }}yes{{ else }}no{{ end }} {{ if .CommonLabels.severity }}yes{{ else }}no{{ end }}",
    '{{ if eq .Status "firing" }}🔥{{ else }}✅{{ end }}{{ if gt (len .Alerts.Firing) 0 }} fires{{ end }}{{ if gt (len .Alerts.Resolved) 0 }} over{{ end }}',
    "{{ range .Alerts }}{{ .StartsAt }} {{ .EndsAt }} {{ .EndsAt.IsZero }}\n{{ end }}",
    '{{ range .Alerts }}{{ .StartsAt.Format "2006-01-02 15:04:05" }} {{ (.StartsAt.Add 28800e9).Format "2006-01-02 15:04:05" }} {{ .StartsAt.Local.Format "15:04 MST" }}\n{{ end }}',
    "{{ range .Alerts.Resolved }}{{ .EndsAt.Sub .StartsAt }} {{ (.EndsAt.Sub .StartsAt).Minutes }}{{ end }}",
    '{{ range .Alerts }}{{ printf "%s" .Status }} {{ printf "%q" .Labels.team }}{{ end }}',
    '{{ printf "%T %T %T" .Alerts .CommonLabels .CommonLabels.SortedPairs }}',
    '{{ printf "%T %T" .Alerts.Firing (index .CommonLabels.SortedPairs 0) }} {{ printf "%v" (index .CommonLabels.SortedPairs 0) }}',
    "{{ print .Receiver }} {{ println .Receiver .Status }} {{ html .CommonAnnotations.summary }}",
    "{{ (slice .Alerts 0 1) | len }} {{ len .CommonLabels.SortedPairs }} {{ (index .CommonLabels.SortedPairs 0).Name }}",
    '{{ define "x" }}{{ range . }}{{ .Labels.pod }},{{ end }}{{ end }}{{ template "x" .Alerts.Firing }}{{ template "x" .Alerts }}',
    "{{ range $i, $a := .Alerts }}{{ if $i }}, {{ end }}{{ $i }}:{{ $a.Labels.pod }}{{ end }}",
    "{{ $n := 0 }}{{ range .Alerts }}{{ $n = len .Labels }}{{ end }}{{ $n }}",
    '{{ template "__subject" . }}',
    '{{ template "__alertmanagerURL" . }}',
    '{{ template "__alertmanager" . }}',
    '{{ template "__text_alert_list" .Alerts.Firing }}',
    '{{ template "__text_alert_list" .Alerts }}',
    '{{ template "__description" . }}!',
    '{{ define "__subject" }}mine {{ .Status }}{{ end }}{{ template "__subject" . }}',
    "{{ toJson .CommonLabels }} {{ toJson .Alerts }}",
    "{{ toJson . }}",
]
FUNCTIONS = [
    '{{ .Status | toUpper }} {{ "ÄÖ ß" | toLower }} {{ toUpper "straße ﬁ ŉ" }} {{ "İI" | toLower }}',
    '{{ title "hello wORLD" }}|{{ title "don\'t stop-it 3rd" }}|{{ title "a.b c_d x/y o’clock" }}|{{ title "ÉCOLE école" }}|{{ title "10GB of" }}',
    "{{ range .Alerts }}{{ range .Labels.SortedPairs }}{{ .Value | title }}|{{ end }}{{ range .Annotations.SortedPairs }}{{ .Value | title }}|{{ end }}{{ end }}",
    '[{{ trimSpace "  a b\\t\\n" }}] [{{ trimSpace "\\u00a0\\u3000x\\u0085" }}] [{{ trimSpace "\\u200bx" }}] [{{ "\\x1cx" | trimSpace | printf "%q" }}]',
    '{{ stringSlice "a" "b" | join "-" }} {{ join ", " (stringSlice) }}| {{ len (stringSlice "x") }} {{ stringSlice "a" "b c" }}',
    '{{ match "^High" .CommonLabels.alertname }} {{ match "L.t" "HighLatency" }} {{ match "^a" "ba" }} {{ if match "x" "y" }}y{{ else }}n{{ end }}',
    '{{ reReplaceAll "web-(\\\\d+)" "w$1" "web-12 web-3" }} {{ reReplaceAll "(?P<a>l+)" "<${a}>" "hello ll" }} {{ reReplaceAll "(l)" "$1x" "hello" }}',
    '{{ reReplaceAll "x*" "-" "abxxc" }} {{ reReplaceAll "" "-" "中a" }} {{ reReplaceAll "b*" "$$" "abba" }} {{ reReplaceAll "a|" "_" "aab" }}',
    '{{ reReplaceAll "(a)(b)?" "[$2|$3|$x]" "ac ab" }} {{ "a.b.c" | reReplaceAll "\\\\." " " }} {{ reReplaceAll "$" "!" "end" }} {{ reReplaceAll "^" ">" "" }}',
    '{{ safeHtml "<b>" }} {{ safeUrl "http://x/?a=b&c" }} {{ printf "%T" (safeHtml "x") }} {{ urlUnescape "a%20b+c%2Fd" }}',
    '{{ range .Alerts }}{{ .StartsAt | date "2006-01-02T15:04:05Z07:00" }} {{ tz "Asia/Shanghai" .StartsAt | date "15:04:05 MST" }} {{ .StartsAt | tz "America/New_York" }}\n{{ end }}',
    "{{ range .Alerts }}{{ since .StartsAt }} {{ since .StartsAt | humanizeDuration }} {{ (since .StartsAt).Hours }}\n{{ end }}",
    "{{ range .Alerts.Resolved }}{{ .EndsAt.Sub .StartsAt | humanizeDuration }}{{ end }}",
    "{{ humanizeDuration 0 }} {{ humanizeDuration 1 }} {{ humanizeDuration 59.5 }} {{ humanizeDuration 60 }} {{ humanizeDuration 3661.9 }} {{ humanizeDuration 90061 }} {{ humanizeDuration -75 }}",
    '{{ humanizeDuration 0.5 }} {{ humanizeDuration 0.00012345678 }} {{ humanizeDuration "12.3456" }} {{ humanizeDuration -0.25 }} {{ humanizeDuration 1e-9 }}',
    '{{ tz "Local" (index .Alerts 0).StartsAt }} {{ tz "" (index .Alerts 0).StartsAt }} {{ tz "UTC" (index .Alerts 0).StartsAt }}',
]
FAILING = [
    "{{ .Nope }}",
    "{{ range .Alerts }}{{ .Nope }}{{ end }}",
    "{{ toUpper 1 }}",
    "{{ toUpper .Alerts }}",
    '{{ join "," "a" }}',
    '{{ match "(" "x" }}',
    '{{ reReplaceAll "[" "" "x" }}',
    '{{ tz "Nowhere/Land" (index .Alerts 0).StartsAt }}',
    '{{ tz "../etc" (index .Alerts 0).StartsAt }}',
    "{{ toUpper }}",
    "{{ stringSlice 1 }}",
    '{{ .CommonLabels.Remove "a" }}',
    "{{ .Alerts.Firing.Resolved }}",
    '{{ humanizeDuration "x" }}',
    "{{ date 1 2 }}",
    "{{ index .Alerts 9 }}",
    '{{ toUpper (safeHtml "x") }}',
    '{{ template "nope" . }}',
    '{{ urlUnescape "%zz" }}',
    "{{ .CommonLabels.SortedPairs.Nope }}",
    '{{ since "x" }}',
    "{{ .Alerts.StartsAt }}",
]
UNPARSABLE = ["{{ nope .Status }}", "{{ .Status | toUpper", "{{ if }}{{ end }}", "\n\n{{ end }}", "{{ range .Alerts }}"]
MATCHERS = [
    ('severity="critical"', True), ("severity=critical", True), ('severity!="critical"', False), ('team=~"a|b"', True), ('team=~"a"', False),
    ('severity=~"crit"', False), ('severity=~"crit.*"', True), ('team!~"a|c"', True), ('{severity="critical", team="b",}', True), ('nope=""', True),
    ('nope!="x"', True), ('nope=~".*"', True), ('nope=~".+"', False), ('severity="critical",team="c"', False), (' severity = "critical" ', True),
    ('alertname="a\\"b"', False), ('alertname="a,b"', False), ("alertname=High Latency", False), ("alertname=High\\", False), ('alertname=~"(High|Low)Latency"', True),
    ("severity", False), ('severity="critical', False), ('severity=cri"tical"', False), ('team=~"["', False), ('=x', False), ('a-b="c"', False), ('severity=="critical"', False),
    ('severity="critical",,team="b"', False), ('alertname="x\\ny"', False), ('severity="critical"x', False), ('"', False), ("{}", True), ('severity="critical" team="b"', False),
    ('severity=~"CRITICAL"', False), ('severity=~"(?i)CRITICAL"', True), ('alertname="\\d"', False),
]  # fmt: skip
"""With what is expected of the labels of FIRING; a matcher that is none holds for nothing."""


def cases() -> list[dict[str, Any]]:
    """Return all cases, for the Go program."""
    every = [(text, alerts) for text in DATA for alerts in (BOTH, ONE, OVER)]
    every += [(text, BOTH) for text in FUNCTIONS] + [
        (FUNCTIONS[2], OTHER),
        (FUNCTIONS[0], NONE),
        (DATA[1], NONE),
        (DATA[3], NONE),
        (DATA[23], NONE),
        (DATA[1], OTHER),
        (DATA[26], OTHER),
    ]
    every += [(text, BOTH) for text in (*FAILING, *UNPARSABLE)]
    made = [
        {
            "template": text,
            "receiver": "ops team",
            "groupLabels": {"alertname": "HighLatency"},
            "externalURL": "http://am:9093",
            "alerts": alerts,
        }
        for text, alerts in every
    ]
    return made + [{"matchers": text, "alerts": ONE} for text, _ in MATCHERS]
