"""HTTP/1.1 under httpx, for whatever needs no proxy: requests, credentials and cookies stay httpx's, errors too.

httpx's own way costs 500 µs more for a request, and 17 µs more for an event of a watch: it hands on one TLS record at a
time, and a watch has one an event. Here all that has arrived is decrypted and parted at once. It also takes 3 MB less.
Owns connections and the form of messages: https://www.rfc-editor.org/rfc/rfc9112. Knows nothing of what they say.
"""

from kube_wecom_eventer.http1.transport import DirectTransport, SocketOption, proxied

__all__ = ["DirectTransport", "SocketOption", "proxied"]
