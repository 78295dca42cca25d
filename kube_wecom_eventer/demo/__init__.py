"""A small Kubernetes API server and a WeCom group on loopback, for trying the daemon and for its tests.

Nothing here is part of the daemon. Clock and randomness are passed in, every table has a cap.
"""
