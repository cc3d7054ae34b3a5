package main

import (
	"encoding/json"
	"fmt"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"sigs.k8s.io/yaml"
)

// ruleFaults has Prometheus read the rules as it would from a file: names, expressions, durations, templates.
func ruleFaults(rule *monitoring.PrometheusRule) (faults []string) {
	text, err := json.Marshal(rule.Spec)
	if err == nil {
		text, err = yaml.JSONToYAML(text)
	}
	if err != nil {
		return []string{err.Error()}
	}
	_, errs := rulefmt.Parse(text, false, model.UTF8Validation)
	for _, err := range errs {
		faults = append(faults, fmt.Sprintf("spec: %v", err))
	}
	return faults
}
