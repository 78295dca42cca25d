"""What is doubtful in a template is said by a daemon where its author looks."""

from __future__ import annotations

from tests.daemon.conftest import Demo, Pipeline
from tests.daemon.test_namespace_routes import Tenant

MISPLACED = '{"msgtype": "text", "text": {"content": "{{ .Reason }}"}, "mentioned_list": ["wangqing"]}'
WORDS = "mentioned_list stands at the top of the body, where WeCom ignores it"


async def test_the_log_says_it_for_a_robots_template_and_not_for_another_services(demo: Demo) -> None:
    """Once a change."""
    demo.config_map("robot", MISPLACED)
    demo.config_map("hook", MISPLACED)
    sinks = (
        demo.group.sink("custom_body_configmap=robot"),
        "--sink=webhook:http://127.0.0.1:9/?method=POST&custom_body_configmap=hook",
    )
    async with demo.daemon(*sinks) as daemon:
        line = await daemon.log("template_doubtful", config_map="default/robot")
        assert (line["level"], line["code"], WORDS in line["detail"]) == ("warning", "mentions_misplaced", True)
        await daemon.log("template_loaded", config_map="default/hook")
        demo.config_map("hook", '{"hook": "{{ .Tpye }}"}')
        line = await daemon.log("template_doubtful", config_map="default/hook")
        assert line["detail"] == "line 1: .Tpye: no Event has that; did you mean .Type?"
        assert len([each for each in daemon.logs if each["event"] == "template_doubtful"]) == 2


async def test_a_team_sees_it_among_its_routes_doubts(pipeline: Pipeline) -> None:
    """It has no access to the log."""
    tenant = Tenant(pipeline)
    await tenant.route(content=MISPLACED)
    async with pipeline.daemon(*tenant.arguments) as daemon:
        async with await daemon.ready() as http:
            routes = (await http.get("/routes")).json()["routes"]
        (state,) = [each for each in routes if each["route"] == f"{tenant.namespace}/wecom"]
        (doubt,) = [each for each in state["doubts"] if "template" in each]
        assert doubt.startswith(f"its template: line 1: {WORDS}")
