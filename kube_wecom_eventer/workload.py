"""The suffixes that Kubernetes makes for names, and the names of workloads without them."""

from __future__ import annotations

import re

# The signs that Kubernetes makes suffixes of: no vowels, and nothing that reads like another sign.
# https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go
RANDOM = "[bcdfghjklmnpqrstvwxz2456789]"

REPLICA_SET_SUFFIX = rf"-{RANDOM}{{6,10}}"
"""What a Deployment appends to its own name: a hash of the pod template."""
DEPLOYMENT_POD_SUFFIX = rf"{REPLICA_SET_SUFFIX}-{RANDOM}{{5}}"
"""What a Deployment's pods have behind the Deployment's name."""

_DEPLOYMENT_POD = re.compile(rf"(.+?){DEPLOYMENT_POD_SUFFIX}")


def deployment_of(pod_name: str) -> str | None:
    """Return the name of the Deployment that a pod's name shows; None where it shows none."""
    found = _DEPLOYMENT_POD.fullmatch(pod_name)
    return found[1] if found else None
