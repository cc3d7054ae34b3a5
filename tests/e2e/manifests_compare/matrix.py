"""The tables of the test: which renderings must be alike, which values must render, which must be refused and how."""

DIGEST = "sha256:" + "0123456789abcdef" * 4
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
MONITORING = {"monitoring": {"serviceMonitor": {"enabled": True}, "rules": {"enabled": True}}}
AUTOSCALING = {"autoscaling": {"enabled": True}}
NO_PULL_SECRETS = {"rbac": {"pullSecrets": "none"}}
LOCK = {"lock": {"configMap": "image-lock"}}
MOVES = {"moves": {"configMap": "image-moves"}}
MOVES_REPORT = {"moves": {"configMap": "image-moves", "report": {"enabled": True}}}
CONSOLE = {"console": {"enabled": True}}
CONSOLE_MOVES = MOVES | {"console": {"enabled": True, "moves": {"enabled": True}}}
CALLERS = {"callers": {"configMap": "callers"}}
TRUST_UPDATE = {"trustUpdate": {"enabled": True}}
OPENSHIFT = {"openshift": {"mirrors": True}}
PINNED_PODS = {"webhook": {"pinnedPods": True}}
ADMISSION_POLICY = {"admissionPolicy": {"enabled": True}}
CERT_MANAGER = {"certificate": {"mode": "cert-manager"}}

# name: (overlay, components, values of the chart)
SAME = {
    "self-managed": ("self-managed", [], {}),
    "cert-manager": ("cert-manager", [], CERT_MANAGER),
    "monitoring": ("self-managed", ["monitoring"], MONITORING),
    "autoscaling": ("self-managed", ["autoscaling"], AUTOSCALING),
    "no-pull-secrets": ("self-managed", ["no-pull-secrets"], NO_PULL_SECRETS),
    "lock": ("self-managed", ["lock"], LOCK),
    "moves": ("self-managed", ["moves"], MOVES),
    "moves-report": ("self-managed", ["moves", "moves-report"], MOVES_REPORT),
    "console": ("self-managed", ["console"], CONSOLE),
    "console with moves": ("self-managed", ["moves", "console", "console-moves"], CONSOLE_MOVES),
    "console with monitoring": ("self-managed", ["monitoring", "console", "console-monitoring"], CONSOLE | MONITORING),
    "callers": ("self-managed", ["callers"], CALLERS),
    "trust-update": ("self-managed", ["trust-update"], TRUST_UPDATE),
    "openshift-mirrors": ("self-managed", ["openshift-mirrors"], OPENSHIFT),
    "pinned-pods": ("self-managed", ["pinned-pods"], PINNED_PODS),
    "admission-policy": ("self-managed", ["admission-policy"], ADMISSION_POLICY),
    "pull secrets by namespace": ("examples/pull-secrets-by-namespace", [],
                                  {"rbac": {"pullSecrets": ["team-a", "team-b"]}}),
    "cert-manager with everything": (
        "cert-manager", ["monitoring", "autoscaling", "no-pull-secrets", "lock", "pinned-pods", "admission-policy"],
        MONITORING | AUTOSCALING | NO_PULL_SECRETS | LOCK | PINNED_PODS | ADMISSION_POLICY | CERT_MANAGER),
}

# Every option of the chart, away from its default. Each must change the rendering.
OPTIONS = {
    "nameOverride": {"nameOverride": "gate"},
    "fullnameOverride": {"fullnameOverride": "gate"},
    "image": {"image": f"registry.example.com:5000/mirror/pinhook@{DIGEST}"},
    "image with a tag": {"image": f"pinhook:9.9.9@{DIGEST}"},
    "imagePullPolicy": {"imagePullPolicy": "Always"},
    "imagePullSecrets": {"imagePullSecrets": [{"name": "mirror"}]},
    "replicaCount": {"replicaCount": 3},
    "config": {"config": {"pin": {"format": "tag-and-digest"}, "cache": {"entries": 10000000}}},
    "config ports": {"config": {"listen": "[::]:10250", "admin": {"listen": "[::]:9091"}}},
    "config emptied": {"config": {"threads": None}},
    "lock.configMap": LOCK,
    "moves.configMap": MOVES,
    "moves.report": MOVES_REPORT,
    "moves.report with other values": {"moves": {"configMap": "moved", "report": {
        "enabled": True, "schedule": "@hourly", "cooldown": "72h", "args": ["--pull-secrets"],
        "storage": {"size": "2Gi", "className": "fast"}}}},
    "moves.report on a claim of the user's, beside trust roots": TRUST_UPDATE | {"moves": {"configMap": "moved", "report": {
        "enabled": True, "storage": {"existingClaim": "mine"}}}},
    "moves.report without rights, policies and users": MOVES_REPORT | {
        "rbac": {"create": False}, "networkPolicy": {"enabled": False},
        "podSecurityContext": {"runAsUser": None, "runAsGroup": None}},
    "console": CONSOLE,
    "console with moves": CONSOLE_MOVES,
    "console with other values": {"imagePullSecrets": [{"name": "mirror"}], "imagePullPolicy": "Always",
                                  "tolerations": [{"key": "a", "operator": "Exists"}], "nodeSelector": {"disk": "fast"},
                                  "console": {
        "enabled": True, "listen": "[::]:9443", "tlsSecret": "own", "interval": "6h", "args": ["--retention=4320h"],
        "from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "storage": {"size": "2Gi", "className": "fast"},
        "resources": {"limits": {"memory": "1Gi"}}}},
    "console on a claim of the user's, beside trust roots": TRUST_UPDATE | {
        "console": {"enabled": True, "storage": {"existingClaim": "mine"}}},
    "console with monitoring and a certificate of another name": MONITORING | {
        "console": {"enabled": True, "tlsSecret": "own"}},
    "console without a volume": {"console": {"enabled": True, "storage": {"enabled": False}}},
    "console without rights, policies and users": CONSOLE | {
        "rbac": {"create": False}, "networkPolicy": {"enabled": False},
        "podSecurityContext": {"runAsUser": None, "runAsGroup": None}},
    "trustUpdate": TRUST_UPDATE,
    "trustUpdate of a mirror": {"trustUpdate": {"enabled": True, "url": "https://tuf.example.com/mirror", "configMap": "roots",
                                                "rootConfigMap": "first", "schedule": "@hourly"}},
    "trustUpdate without rights and policies": TRUST_UPDATE | {"rbac": {"create": False},
                                                               "networkPolicy": {"enabled": False}},
    "trustUpdate on chosen nodes": TRUST_UPDATE | {
        "nodeSelector": {"kubernetes.io/arch": "amd64"}, "imagePullSecrets": [{"name": "mirror"}],
        "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}],
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"}]},
    "callers": {"callers": {"configMap": "callers", "names": ["api", "*.example.com"]}},
    "lock.configMap and lock.required": LOCK | {"config": {"lock": {"required": True}}},
    "certificate self-managed, name": {"certificate": {"secretName": "certificate"}},
    "certificate cert-manager": CERT_MANAGER,
    "certificate cert-manager, name": {"certificate": {"mode": "cert-manager", "secretName": "certificate"}},
    "certificate cert-manager, issuer": {"certificate": {"mode": "cert-manager", "certManager": {
        "issuerRef": {"kind": "ClusterIssuer", "name": "internal"}}}},
    "certificate existing-secret": {"certificate": {"mode": "existing-secret", "secretName": "own", "caBundle": PEM}},
    "certificate existing-secret, no caBundle": {"certificate": {"mode": "existing-secret", "secretName": "own"}},
    "webhook.timeoutSeconds": {"webhook": {"timeoutSeconds": 5}},
    "webhook.matchConditions": {"webhook": {"matchConditions": False}},
    "webhook.pinnedPods": PINNED_PODS,
    "webhook.namespaceSelector": {"webhook": {"namespaceSelector": [
        {"key": "team", "operator": "NotIn", "values": ["infra"]}]}},
    "webhook.extraRules": {"webhook": {"extraRules": [
        {"apiGroups": ["example.com"], "apiVersions": ["*"], "resources": ["engines"]}]}},
    "admissionPolicy": ADMISSION_POLICY,
    "admissionPolicy, another's account": ADMISSION_POLICY | {"serviceAccount": {"create": False, "name": "other"}},
    "webhook.annotations": {"webhook": {"annotations": {"example.com/inject": "true"}}},
    "rbac.create": {"rbac": {"create": False}},
    "rbac.pullSecrets of namespaces": {"rbac": {"pullSecrets": ["shop", "bank"]}},
    "rbac.pullSecrets none": NO_PULL_SECRETS,
    "rbac.plugins": {"rbac": {"plugins": True}},
    "openshift.mirrors": OPENSHIFT,
    "serviceAccount.create": {"serviceAccount": {"create": False}},
    "serviceAccount, another's": {"serviceAccount": {"create": False, "name": "other"}},
    "serviceAccount.name": {"serviceAccount": {"name": "other"}},
    "serviceAccount.annotations": {"serviceAccount": {"annotations": {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}}},
    "resources": {"resources": {"limits": {"memory": "1Gi"}}},
    "resources none": {"resources": {"requests": None, "limits": None}},
    "podDisruptionBudget.enabled": {"podDisruptionBudget": {"enabled": False}},
    "podDisruptionBudget.maxUnavailable": {"podDisruptionBudget": {"maxUnavailable": "50%"}},
    "networkPolicy.enabled": {"networkPolicy": {"enabled": False}},
    "networkPolicy.webhookFrom": {"networkPolicy": {"webhookFrom": [{"ipBlock": {"cidr": "10.0.0.0/28"}}]}},
    "networkPolicy.metricsNamespaces": {"networkPolicy": {"metricsNamespaces": ["o11y"]}},
    "networkPolicy.metricsNamespaces none": {"networkPolicy": {"metricsNamespaces": []}},
    "networkPolicy.extraEgress": {"networkPolicy": {"extraEgress": [{"ports": [{"port": 5000, "protocol": "TCP"}]}]}},
    "autoscaling": AUTOSCALING,
    "autoscaling numbers": {"autoscaling": {"enabled": True, "minReplicas": 3, "maxReplicas": 9,
                                            "targetCPUUtilizationPercentage": 80}},
    "monitoring.serviceMonitor": {"monitoring": {"serviceMonitor": {
        "enabled": True, "interval": "1m", "labels": {"release": "prometheus"}}}},
    "monitoring.rules": {"monitoring": {"rules": {"enabled": True, "labels": {"release": "prometheus"}}}},
    "priorityClassName": {"priorityClassName": "system-node-critical"},
    "priorityClassName none": {"priorityClassName": ""},
    "resourceQuota.enabled": {"resourceQuota": {"enabled": False}},
    "resourceQuota.pods": {"resourceQuota": {"pods": 5}},
    "terminationGracePeriodSeconds": {"terminationGracePeriodSeconds": 90},
    "hostNetwork": {"hostNetwork": True, "config": {
        "listen": "0.0.0.0:10250", "admin": {"listen": "0.0.0.0:10251"}}},
    "nodeSelector": {"nodeSelector": {"kubernetes.io/arch": "amd64"}},
    "tolerations": {"tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}]},
    "affinity": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}]}}}},
    "topologySpreadConstraints": {"topologySpreadConstraints": [
        {"topologyKey": "rack", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}]},
    "podAnnotations": {"podAnnotations": {"example.com/note": "1"}},
    "podLabels": {"podLabels": {"azure.workload.identity/use": "true"}},
    "podSecurityContext": {"podSecurityContext": {"runAsUser": None, "runAsGroup": None}},
    "podSecurityContext with a mounted key": CERT_MANAGER | {
        "podSecurityContext": {"runAsUser": None, "runAsGroup": None}},
    "securityContext": {"securityContext": {"seLinuxOptions": {"type": "container_t"}}},
    "extraEnv": {"extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"}]},
    "extraVolumes": {"extraVolumes": [{"name": "hosts", "hostPath": {"path": "/etc/containerd/certs.d"}}],
                     "extraVolumeMounts": [{"name": "hosts", "mountPath": "/etc/containerd/certs.d", "readOnly": True}]},
}

# Values a parent chart gives, which change nothing.
IGNORED = {"global": {"global": {"imageRegistry": "registry.example.com"}}, "enabled": {"enabled": True}}

# name: (values, what the message must hold: where, and what is right)
REFUSED = {
    "a value that is not there": ({"replicas": 3}, ["replicas"]),
    "the address of trust roots": ({"trustUpdate": {"enabled": True, "url": "tuf.example.com"}}, ["trustUpdate", "url"]),
    "one further down": ({"lock": {"name": "x"}}, ["lock", "name"]),
    "mode": ({"certificate": {"mode": "certmanager"}}, ["certificate", "mode", "cert-manager", "existing-secret"]),
    "no image": ({"image": ""}, ["image: name pinhook's own image by its digest", "manifests/README.md"]),
    "image without anything": ({"image": "pinhook"}, ['image: "pinhook" has no digest', "NAME@sha256:"]),
    "image by tag": ({"image": "a.example:5000/x/pinhook:1.0"}, ['pinhook:1.0" has no digest', "NAME@sha256:"]),
    "short digest": ({"image": "pinhook@sha256:0123"}, ["image", "[0-9a-f]{64}"]),
    "digest alone": ({"image": "sha256:" + "0" * 64}, ["has no digest", "NAME@sha256:"]),
    "repository and tag apart": ({"image": {"repository": "a/b", "tag": "1"}}, ["image", "string"]),
    "upper-case image": ({"image": f"a.example/Pinhook@{DIGEST}"}, ["image", "does not match pattern"]),
    "pull policy": ({"imagePullPolicy": "always"}, ["imagePullPolicy", "IfNotPresent"]),
    "replicas as text": ({"replicaCount": "2"}, ["replicaCount", "integer"]),
    "negative replicas": ({"replicaCount": -1}, ["replicaCount"]),
    "timeout": ({"webhook": {"timeoutSeconds": 31}}, ["timeoutSeconds", "30"]),
    "match conditions as text": ({"webhook": {"matchConditions": "off"}}, ["matchConditions", "boolean"]),
    "operator": ({"webhook": {"namespaceSelector": [{"key": "a", "operator": "Not"}]}}, ["operator", "NotIn"]),
    "rule without kinds": ({"webhook": {"extraRules": [{"apiGroups": ["a.b"], "apiVersions": ["v1"]}]}}, ["resources"]),
    "pull secrets": ({"rbac": {"pullSecrets": "all"}}, ["pullSecrets", "cluster", "none", "array"]),
    "no namespaces": ({"rbac": {"pullSecrets": []}}, ["pullSecrets", "minItems"]),
    "namespace that is none": ({"rbac": {"pullSecrets": ["Shop"]}}, ["pullSecrets", "Shop"]),
    "caBundle that is no PEM": ({"certificate": {"mode": "existing-secret", "secretName": "a", "caBundle": "TUlJ"}},
                                ["caBundle", "BEGIN CERTIFICATE"]),
    "caBundle in another mode": ({"certificate": {"caBundle": PEM}}, ["certificate.caBundle", "existing-secret"]),
    "issuer in another mode": ({"certificate": {"certManager": {"issuerRef": {"name": "a"}}}},
                               ["certificate.certManager", "cert-manager"]),
    "existing Secret without a name": ({"certificate": {"mode": "existing-secret"}}, ["certificate.secretName"]),
    "issuer without a name": ({"certificate": {"mode": "cert-manager", "certManager": {
        "issuerRef": {"kind": "Issuer"}}}}, ["issuerRef", "name"]),
    "upper-case name": ({"fullnameOverride": "Gate"}, ["fullnameOverride"]),
    "label that is no text": ({"podLabels": {"a": True}}, ["podLabels", "string"]),
    "interval": ({"monitoring": {"serviceMonitor": {"interval": "30"}}}, ["interval"]),
    "share": ({"podDisruptionBudget": {"maxUnavailable": "150%"}}, ["maxUnavailable"]),
    "fewer at most than at least": ({"autoscaling": {"enabled": True, "minReplicas": 9}},
                                    ["autoscaling.maxReplicas"]),
    "setting of the chart's own": ({"config": {"tls": {"secret": "x"}}},
                                   ["config.tls.secret", "certificate.secretName"]),
    "pull secrets in the config": ({"config": {"pull_secrets": {"mode": "off"}}},
                                   ["config.pull_secrets.mode", "rbac.pullSecrets"]),
    "two authorities of callers": (
        CALLERS | {"config": {"callers": {"client_ca": "/x"}}},
        ["config.callers.client_ca", "callers.configMap"],
    ),
    "mirrors of OpenShift without the rights": (
        {"config": {"mirrors": {"openshift": True}}}, ["config.mirrors.openshift", "openshift.mirrors"]),
    "two lock files": (LOCK | {"config": {"lock": {"file": "/x"}}}, ["config.lock.file", "lock.configMap"]),
    "two files of moves": (MOVES | {"config": {"moves": {"file": "/x"}}}, ["config.moves.file", "moves.configMap"]),
    "a report of moves without their ConfigMap": ({"moves": {"report": {"enabled": True}}}, ["moves.report", "moves.configMap"]),
    "moves of a console without their ConfigMap": ({"console": {"enabled": True, "moves": {"enabled": True}}},
                                                   ["console.moves", "moves.configMap"]),
    "moves of a console and of a report": (MOVES_REPORT | {"console": {"enabled": True, "moves": {"enabled": True}}},
                                           ["console.moves", "moves.report"]),
    "moves of a console without a volume": (
        MOVES | {"console": {"enabled": True, "moves": {"enabled": True}, "storage": {"enabled": False}}},
        ["console.moves", "console.storage.enabled"]),
    "a console that nothing can reach": ({"console": {"enabled": True, "listen": "127.0.0.1:8088"}}, ["console.listen", "0.0.0.0:8443"]),
    "the interval of a console in days": ({"console": {"enabled": True, "interval": "1d"}}, ["console", "interval"]),
    "the cooldown of a report in days": (
        {"moves": {"configMap": "m", "report": {"enabled": True, "cooldown": "3d"}}}, ["moves", "report", "cooldown"]),
    "upper-case ConfigMap": ({"lock": {"configMap": "Lock"}}, ["lock", "configMap"]),
    "any port": ({"config": {"listen": "0.0.0.0:0"}}, ["0.0.0.0:0", "port"]),
    "no port": ({"config": {"admin": {"listen": "localhost"}}}, ["localhost", "port"]),
}
