"""The API server: credentials, requests, the stream of events, objects that are followed.

Knows what Kubernetes does; knows nothing of routes, messages or destinations.
"""
