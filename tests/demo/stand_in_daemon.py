"""A stand-in for the daemon: tells each Warning of the demo's API server to the first robot, until SIGTERM.

It knows just enough to test the demo without the daemon; it is a script, started as a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import Any

import httpx


async def tell(api_url: str, robot_url: str) -> None:
    """Watch and tell until cancelled."""
    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:
        listed = (await client.get(f"{api_url}/api/v1/events")).json()
        query = {"watch": "1", "resourceVersion": listed["metadata"]["resourceVersion"]}
        async with client.stream("GET", f"{api_url}/api/v1/events", params=query) as response:
            async for line in response.aiter_lines():
                event = json.loads(line)["object"]
                if event["type"] == "Warning":
                    await client.post(robot_url, json=message(event))


def message(event: dict[str, Any]) -> dict[str, Any]:
    """A plain text message about one event."""
    content = f"{event['reason']} {event['involvedObject']['name']}\n{event['message']}"
    return {"msgtype": "text", "text": {"content": content, "mentioned_list": ["zhangsan"]}}


async def main() -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    sys.stderr.write('{"level": "warning", "event": "a stand-in is at work"}\n')
    telling = asyncio.create_task(tell(sys.argv[1], sys.argv[2]))
    await stop.wait()
    telling.cancel()


if __name__ == "__main__":
    asyncio.run(main())
