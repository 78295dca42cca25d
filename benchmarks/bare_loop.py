"""A loop that only reads a watch of events, as a process of its own: what the daemon is measured against.

Two of them: on httpx, as most programs would read it, and on the daemon's own transport. They split lines and decode
them as the daemon does, and do nothing else. The result stands on stdout, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import time

import httpx

from kube_wecom_eventer.http1 import DirectTransport
from kube_wecom_eventer.kube.event_stream import decode_line


async def read(url: str, *, ca_file: str, events: int, own: bool) -> dict[str, float]:
    """Read so many events; return the seconds that they took, by the clock and of this process's CPU."""
    context = ssl.create_default_context(cafile=ca_file)
    transport = DirectTransport(tls=context) if own else httpx.AsyncHTTPTransport(verify=context)
    started = cpu = 0.0
    rest, seen = b"", 0
    async with httpx.AsyncClient(transport=transport) as client, client.stream("GET", url, timeout=60) as response:
        response.raise_for_status()
        async for chunk in response.aiter_bytes():
            if not started:
                started, cpu = time.monotonic(), time.process_time()
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                decode_line(line)
                seen += 1
            if seen >= events:
                break
        return {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu, "events": seen}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--ca-file", required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--own", action="store_true")
    chosen = parser.parse_args()
    result = asyncio.run(read(chosen.url, ca_file=chosen.ca_file, events=chosen.events, own=chosen.own))
    print(json.dumps(result))
