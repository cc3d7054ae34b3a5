package main

import (
	"context"
	"strings"
	"testing"
	"time"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// Two hours of samples, one a minute, in which nothing is wrong; a case's own series replace those of the same name.

var quiet = map[string]string{
	"up": `up{job="pinhook",namespace="pinhook",pod="a"} 1+0x120
  up{job="pinhook",namespace="pinhook",pod="b"} 1+0x120`,
	"kube_deployment_status_replicas_available": `kube_deployment_status_replicas_available{namespace="pinhook",deployment="pinhook"} 2+0x120`,
	"kube_deployment_spec_replicas":             `kube_deployment_spec_replicas{namespace="pinhook",deployment="pinhook"} 2+0x120`,
	"pinhook_admissions_total": `pinhook_admissions_total{namespace="pinhook",mode="enforce",kind="Pod",outcome="pinned"} 0+100x120
  pinhook_admissions_total{namespace="pinhook",mode="enforce",kind="Pod",outcome="denied"} 0+1x120
  pinhook_admissions_total{namespace="pinhook",mode="audit",kind="Pod",outcome="audited"} 0+100x120`,
	"pinhook_slots_total": `pinhook_slots_total{namespace="pinhook",outcome="pinned",source="cache"} 0+100x120
  pinhook_slots_total{namespace="pinhook",outcome="failed",source="none"} 0+1x120
  pinhook_slots_total{namespace="pinhook",outcome="pinned",source="stale"} 7+0x120`,
	"pinhook_registry_requests_total": `pinhook_registry_requests_total{namespace="pinhook",host="a.example",status="200"} 0+100x120
  pinhook_registry_requests_total{namespace="pinhook",host="a.example",status="404"} 0+100x120
  pinhook_registry_requests_total{namespace="pinhook",host="b.example",status="503"} 0+1x120
  pinhook_registry_requests_total{namespace="pinhook",host="b.example",status="200"} 0+9x120`,
	"pinhook_admission_duration_seconds_bucket": `pinhook_admission_duration_seconds_bucket{namespace="pinhook",mode="enforce",le="5"} 0+999x120
  pinhook_admission_duration_seconds_bucket{namespace="pinhook",mode="enforce",le="10"} 0+1000x120
  pinhook_admission_duration_seconds_bucket{namespace="pinhook",mode="enforce",le="+Inf"} 0+1000x120`,
	"pinhook_certificate_expiry_timestamp_seconds": `pinhook_certificate_expiry_timestamp_seconds{namespace="pinhook",pod="a"} 1000000+0x120`,
	"pinhook_certificate_trusted":                  `pinhook_certificate_trusted{namespace="pinhook",pod="a"} 1+0x120`,
	"pinhook_certificate_reloads_total":            `pinhook_certificate_reloads_total{namespace="pinhook",result="failure"} 3+0x120`,
	"pinhook_lock_reloads_total":                   `pinhook_lock_reloads_total{namespace="pinhook",result="failure"} 3+0x120`,
	"pinhook_moves_reloads_total":                  `pinhook_moves_reloads_total{namespace="pinhook",result="failure"} 3+0x120`,
	"pinhook_configuration_current":                `pinhook_configuration_current{namespace="pinhook",pod="a"} 1+0x120`,
	"pinhook_tls_handshake_failures_total":         `pinhook_tls_handshake_failures_total{namespace="pinhook",reason="protocol"} 3+0x120`,
	"apiserver_admission_webhook_rejection_count": `apiserver_admission_webhook_rejection_count{name="enforce.pinhook.dev",error_type="no_error",rejection_code="403"} 0+5x120
  apiserver_admission_webhook_rejection_count{name="other.example.com",error_type="calling_webhook_error"} 0+5x120`,
	"apiserver_admission_webhook_fail_open_count": `apiserver_admission_webhook_fail_open_count{name="other.example.com"} 0+5x120`,
}

func TestAlertsFireForWhatTheyAreFor(t *testing.T) {
	tried := map[string]bool{}
	for name, change := range map[string]struct {
		metric, series string
		fires          []string
	}{
		"nothing is wrong":   {"", "", nil},
		"no replica at all":  {"up", "", []string{"PinhookDown"}},
		"all are down":       {"up", `up{job="pinhook",namespace="pinhook",pod="a"} 0+0x120`, []string{"PinhookDown"}},
		"another job is up":  {"up", `up{job="other",namespace="pinhook"} 1+0x120`, []string{"PinhookDown"}},
		"one is not ready":   {"kube_deployment_status_replicas_available", `kube_deployment_status_replicas_available{namespace="pinhook",deployment="pinhook"} 1+0x120`, []string{"PinhookReplicaMissing"}},
		"a fifth is denied":  {"pinhook_admissions_total", `pinhook_admissions_total{namespace="pinhook",mode="enforce",kind="Pod",outcome="pinned"} 0+4x120` + "\n  " + `pinhook_admissions_total{namespace="pinhook",mode="enforce",kind="Job",outcome="denied"} 0+1x120`, []string{"PinhookDeniesMuch"}},
		"a fifth fails":      {"pinhook_slots_total", `pinhook_slots_total{namespace="pinhook",outcome="kept",source="recorded"} 0+4x120` + "\n  " + `pinhook_slots_total{namespace="pinhook",outcome="failed",source="none"} 0+1x120`, []string{"PinhookLookupsFail"}},
		"stale digests":      {"pinhook_slots_total", `pinhook_slots_total{namespace="pinhook",outcome="pinned",source="stale"} 0+4x120`, []string{"PinhookServesStale"}},
		"a registry limits":  {"pinhook_registry_requests_total", `pinhook_registry_requests_total{namespace="pinhook",host="a.example",status="429"} 0+4x120`, []string{"PinhookRegistryFails"}},
		"a registry is away": {"pinhook_registry_requests_total", `pinhook_registry_requests_total{namespace="pinhook",host="a.example",status="timed_out"} 0+4x120`, []string{"PinhookRegistryFails"}},
		"one in fifty takes long": {"pinhook_admission_duration_seconds_bucket", `pinhook_admission_duration_seconds_bucket{namespace="pinhook",mode="audit",le="5"} 0+98x120` + "\n  " +
			`pinhook_admission_duration_seconds_bucket{namespace="pinhook",mode="audit",le="10"} 0+100x120` + "\n  " + `pinhook_admission_duration_seconds_bucket{namespace="pinhook",mode="audit",le="+Inf"} 0+100x120`, []string{"PinhookSlow"}},
		"one of two certificates expires": {"pinhook_certificate_expiry_timestamp_seconds", `pinhook_certificate_expiry_timestamp_seconds{namespace="pinhook",pod="a"} 9000000+0x120` + "\n  " +
			`pinhook_certificate_expiry_timestamp_seconds{namespace="pinhook",pod="b"} 500000+0x120`, []string{"PinhookCertificateExpires"}},
		"one of two certificates is not trusted": {"pinhook_certificate_trusted", `pinhook_certificate_trusted{namespace="pinhook",pod="a"} 1+0x120` + "\n  " +
			`pinhook_certificate_trusted{namespace="pinhook",pod="b"} 0+0x120`, []string{"PinhookCertificateNotTrusted"}},
		"a certificate is invalid": {"pinhook_certificate_reloads_total", `pinhook_certificate_reloads_total{namespace="pinhook",result="failure"} 0x115 1 2 3 4 5`, []string{"PinhookCertificateReloadFails"}},
		"a lock file is invalid":   {"pinhook_lock_reloads_total", `pinhook_lock_reloads_total{namespace="pinhook",result="failure"} 0x115 1 2 3 4 5`, []string{"PinhookLockReloadFails"}},
		"moved tags are invalid":   {"pinhook_moves_reloads_total", `pinhook_moves_reloads_total{namespace="pinhook",result="failure"} 0x115 1 2 3 4 5`, []string{"PinhookMovesReloadFails"}},
		"one of two configurations is invalid": {"pinhook_configuration_current", `pinhook_configuration_current{namespace="pinhook",pod="a"} 1+0x120` + "\n  " +
			`pinhook_configuration_current{namespace="pinhook",pod="b"} 1x100 0x20`, []string{"PinhookConfigurationRejected"}},
		"handshakes fail":         {"pinhook_tls_handshake_failures_total", `pinhook_tls_handshake_failures_total{namespace="pinhook",reason="protocol"} 0+60x120`, []string{"PinhookHandshakesFail"}},
		"API servers cannot call": {"apiserver_admission_webhook_rejection_count", `apiserver_admission_webhook_rejection_count{name="enforce.pinhook.dev",error_type="calling_webhook_error",rejection_code="503"} 0+1x120`, []string{"PinhookNotReached"}},
		"API servers go past it":  {"apiserver_admission_webhook_fail_open_count", `apiserver_admission_webhook_fail_open_count{name="audit.pinhook.dev"} 0+1x120`, []string{"PinhookBypassed"}},
	} {
		for _, alert := range change.fires {
			tried[alert] = true
		}
		t.Run(name, func(t *testing.T) {
			load := "load 1m\n"
			for metric, series := range quiet {
				if metric == change.metric {
					series = change.series
				}
				if series != "" {
					load += "  " + series + "\n"
				}
			}
			fired := firing(t, alerts(t), load, 120*time.Minute)
			if strings.Join(fired, " ") != strings.Join(change.fires, " ") {
				t.Errorf("fired: %v, not %v", fired, change.fires)
			}
		})
	}
	for _, rule := range alerts(t) {
		if !tried[rule.Alert] {
			t.Errorf("no case makes %s fire", rule.Alert)
		}
	}
}

// The names of the rules whose expressions hold at that time after the first sample.
func firing(t *testing.T, rules []monitoring.Rule, load string, at time.Duration) (fired []string) {
	t.Helper()
	storage := promqltest.LoadedStorage(t, load)
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
	for _, rule := range rules {
		query, err := engine.NewInstantQuery(context.Background(), storage, promql.NewPrometheusQueryOpts(false, 0), rule.Expr.String(), time.Unix(0, 0).Add(at))
		if err != nil {
			t.Fatal(err)
		}
		result, err := query.Exec(context.Background()).Vector()
		if err != nil {
			t.Fatal(err)
		}
		if len(result) > 0 {
			fired = append(fired, rule.Alert)
		}
		query.Close()
	}
	return fired
}

// The console's alerts look back a day, so these are two days of samples, one a minute: 2880.
func TestAlertsOfTheConsoleFireForWhatTheyAreFor(t *testing.T) {
	const of = `job="pinhook-console",pod="c"`
	// A series that begins later. The storage takes nothing that is half a day older than the first sample it was given, and
	// series come to it in any order, so each has a sample (a stale one, which queries do not see) at the very beginning.
	const later = "stale _x1999"
	images := func(state, values string) string {
		return `pinhook_console_images{` + of + `,namespace="shop",state="` + state + `"} ` + values + "\n"
	}
	quiet := map[string]string{
		"up":       `up{` + of + `,namespace="pinhook"} 1+0x2880`,
		"behind":   `pinhook_console_behind_seconds{` + of + `,namespace="pinhook"} 0+0x2880`,
		"complete": `pinhook_console_complete{` + of + `,namespace="pinhook"} 1+0x2880`,
		"moved":    `pinhook_console_moved_version_tags{` + of + `,namespace="pinhook"} 0+0x2880`,
		"findings": images("findings", "7+0x2880"),
		"gone":     images("gone", "0+0x2880"),
	}
	rules := one[monitoring.PrometheusRule](t, render(t, "self-managed", "", "console-monitoring")).Spec.Groups[0].Rules
	tried := map[string]bool{}
	for name, change := range map[string]struct {
		series map[string]string
		fires  []string
	}{
		"nothing is wrong":         {nil, nil},
		"it is down":               {map[string]string{"up": `up{` + of + `,namespace="pinhook"} 0+0x2880`}, []string{"PinhookConsoleDown"}},
		"only the webhook is up":   {map[string]string{"up": `up{job="pinhook",namespace="pinhook"} 1+0x2880`}, []string{"PinhookConsoleDown"}},
		"it is behind":             {map[string]string{"behind": `pinhook_console_behind_seconds{` + of + `} 0+60x2880`}, []string{"PinhookConsoleBehind"}},
		"it has not read all":      {map[string]string{"complete": `pinhook_console_complete{` + of + `} 0+0x2880`}, []string{"PinhookConsoleBehind"}},
		"findings rise":            {map[string]string{"findings": images("findings", "7x2000 9x880")}, []string{"PinhookViolationsRise"}},
		"in a new namespace":       {map[string]string{"findings": images("findings", "7+0x2880") + `  pinhook_console_images{` + of + `,namespace="new",state="findings"} ` + later + ` 2x880`}, []string{"PinhookViolationsRise"}},
		"findings fall":            {map[string]string{"findings": images("findings", "7x2000 5x880")}, nil},
		"it begins to count today": {map[string]string{"findings": images("findings", later+" 9x880")}, nil},
		"it reads after a restart": {map[string]string{"findings": images("findings", "7x2000 9x880"), "complete": `pinhook_console_complete{` + of + `} 1x2879 0`}, []string{"PinhookConsoleBehind"}},
		"a version moved":          {map[string]string{"moved": `pinhook_console_moved_version_tags{` + of + `} 0x2000 1x880`}, []string{"PinhookVersionTagMoved"}},
		"a digest is gone":         {map[string]string{"gone": images("gone", "0x2000 1x880")}, []string{"PinhookDigestGone"}},
	} {
		for _, alert := range change.fires {
			tried[alert] = true
		}
		t.Run(name, func(t *testing.T) {
			load := "load 1m\n"
			for key, series := range quiet {
				if changed, is := change.series[key]; is {
					series = changed
				}
				load += "  " + strings.TrimSpace(series) + "\n"
			}
			if fired := firing(t, rules, load, 2880*time.Minute); strings.Join(fired, " ") != strings.Join(change.fires, " ") {
				t.Errorf("fired: %v, not %v", fired, change.fires)
			}
		})
	}
	for _, rule := range rules {
		if !tried[rule.Alert] {
			t.Errorf("no case makes %s fire", rule.Alert)
		}
	}
}

var rendered []monitoring.Rule

func alerts(t *testing.T) []monitoring.Rule {
	t.Helper()
	if rendered == nil {
		rendered = one[monitoring.PrometheusRule](t, render(t, "self-managed", "", "monitoring")).Spec.Groups[0].Rules
	}
	return rendered
}
