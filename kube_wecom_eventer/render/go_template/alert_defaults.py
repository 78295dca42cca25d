"""Templates that Alertmanager defines beside the user's, as far as users' templates call them: what they print.

The same names and results as in Alertmanager's default templates; a template may define its own instead.
"""

ALERTMANAGERS_OWN = """
{{- define "__alertmanager" }}Alertmanager{{ end -}}
{{- define "__alertmanagerURL" }}{{ printf "%s/#/alerts?receiver=%s" .ExternalURL (urlquery .Receiver) }}{{ end -}}
{{- define "__subject" -}}
  {{- $more := .CommonLabels.Remove .GroupLabels.Names -}}
  {{- $count := "" }}{{ if eq .Status "firing" }}{{ $count = printf ":%d" (len .Alerts.Firing) }}{{ end -}}
  {{- printf "[%s%s] %s " (toUpper .Status) $count (join " " .GroupLabels.Values) -}}
  {{- if gt (len .CommonLabels) (len .GroupLabels) }}{{ printf "(%s)" (join " " $more.Values) }}{{ end -}}
{{- end -}}
{{- define "__description" }}{{ end -}}
{{- define "__text_alert_list" -}}
  {{- range $alert := . -}}
    Labels:{{ range $alert.Labels.SortedPairs }}{{ printf "\\n - %s = %s" .Name .Value }}{{ end }}
Annotations:{{ range $alert.Annotations.SortedPairs }}{{ printf "\\n - %s = %s" .Name .Value }}{{ end }}
Source: {{ $alert.GeneratorURL }}
{{ end -}}
{{- end -}}
"""
