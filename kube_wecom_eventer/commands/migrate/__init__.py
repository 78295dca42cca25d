"""``kube-wecom-eventer migrate``: from a kube-eventer Deployment to ours, with a comment at each change of behaviour.

Reads with the daemon's own readers (config/), so that the two can't disagree. Writes nothing into the cluster.
"""
