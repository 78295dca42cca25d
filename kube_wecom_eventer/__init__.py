"""Kubernetes events, in the right WeCom group: a drop-in successor of kube-eventer."""

__version__ = "0.1.0"
