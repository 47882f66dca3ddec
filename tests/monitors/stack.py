"""The distribution's Prometheus and a highly available pair of its Alertmanagers, beside the bot, and the exporter that they watch."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from tests.faults.process import Process, free_port, open_process
from tests.house import SECRETS

PROMETHEUS, ALERTMANAGER = "prometheus", "prometheus-alertmanager"
SECRET = SECRETS["PROMETHEUS_SECRET"]
API = {"Authorization": f"Bearer {SECRETS['MUSTER_API_TOKEN']}"}
VENDORS = ("slack", "pagerduty", "opsgenie", "victorops")
"""The services whose addresses Alertmanager can be given, each of which is also the name of a source, a receiver and a part."""
PAIR, DIRECT = ("checkout", "login", "payments"), "search"
"""The parts whose trouble the pair tells us by its webhook, and the part whose trouble we hear of from Prometheus itself."""
_STEP = "500ms"


def missing() -> list[str]:
    """The packages that are not installed, by name; their programs have the same names."""
    return [name for name in (PROMETHEUS, ALERTMANAGER) if shutil.which(name) is None]


def rules() -> dict[str, Any]:
    """A rule that fires as soon as a part is in trouble, and one that always fires."""
    annotations = {"summary": "{{ $labels.part }} is in trouble"}
    down = {"alert": "PartDown", "expr": "trouble > 0", "labels": {"severity": "critical"}, "annotations": annotations}
    return {"groups": [{"name": "parts", "rules": [down, {"alert": "Watchdog", "expr": "vector(1)"}]}]}


def watching(exporter: int, rules: Path, pair: list[int], bot: int) -> dict[str, Any]:
    """A Prometheus that sends to both Alertmanagers, and to the bot as if it were a third."""
    secret = {"authorization": {"credentials": SECRET}}
    return {
        "global": {"scrape_interval": _STEP, "scrape_timeout": _STEP, "evaluation_interval": _STEP},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "parts", "static_configs": [_at(exporter)]}],
        "alerting": {"alertmanagers": [{"static_configs": [_at(*pair)]}, {"static_configs": [_at(bot)], **secret}]},
    }


def _at(*ports: int) -> dict[str, list[str]]:
    return {"targets": [f"127.0.0.1:{port}" for port in ports]}


def notifying(bot: str) -> dict[str, Any]:
    """An Alertmanager with a webhook of ours, and with the addresses of other services turned to the bot."""
    ways: dict[str, list[dict[str, Any]]] = {
        "slack": [{"api_url": f"{bot}/alerts/slack/{SECRET}", "channel": "#alerts", "send_resolved": True}],
        "pagerduty": [{"routing_key": SECRET}],
        "opsgenie": [{"api_key": SECRET}],
        "victorops": [{"api_key": SECRET, "routing_key": "parts"}],
    }
    named = [{"name": vendor, f"{vendor}_configs": configs} for vendor, configs in ways.items()]
    return {
        "global": {
            "pagerduty_url": f"{bot}/v2/enqueue",
            "opsgenie_api_url": f"{bot}/",
            "victorops_api_url": f"{bot}/alerts/victorops/",
        },
        "receivers": [{"name": "nobody"}, _webhook(bot, "pair"), _webhook(bot, "watchdog"), *named],
        "route": {
            "receiver": "nobody",
            "group_by": ["alertname", "part"],
            "group_wait": "0s",
            "group_interval": _STEP,
            "repeat_interval": "1s",
            "routes": [
                {"receiver": "pair", "matchers": [f"part =~ {'|'.join(PAIR)}"]},
                {"receiver": "watchdog", "matchers": ["alertname = Watchdog"]},
                *({"receiver": vendor, "matchers": [f"part = {vendor}"]} for vendor in VENDORS),
            ],
        },
    }


def _webhook(bot: str, source: str) -> dict[str, Any]:
    secret = {"authorization": {"credentials": SECRET}}
    return {"name": source, "webhook_configs": [{"url": f"{bot}/alerts/{source}", "send_resolved": True, "http_config": secret}]}


@dataclass
class Stack:
    """Everything that runs. ``trouble`` is what the exporter says of each part."""

    bot: Process
    folder: Path
    trouble: dict[str, int] = field(default_factory=dict)
    exporter: int = field(default_factory=free_port)
    prometheus: int = field(default_factory=free_port)
    pair: list[int] = field(default_factory=lambda: [free_port(), free_port()])
    _gossip: list[int] = field(default_factory=lambda: [free_port(), free_port()])
    _running: dict[int, asyncio.subprocess.Process] = field(default_factory=dict)

    def fire(self, *parts: str) -> None:
        """From now on these parts are in trouble."""
        self.trouble |= dict.fromkeys(parts, 1)

    def recover(self, *parts: str) -> None:
        """From now on these parts are well."""
        self.trouble |= dict.fromkeys(parts, 0)

    async def until(self, condition: Any, what: str) -> Any:
        """What the condition gives once that is true; fails with ``what`` when it never is."""
        return await self.bot.until(condition, what)

    async def incidents(self, part: str) -> list[dict[str, Any]]:
        """The incidents whose title names the part, as the API shows them."""
        answered = await self.bot.ask("GET", "/api/v1/incidents?state=all", None, **API) or {"incidents": []}
        return [incident for incident in answered["incidents"] if part in incident["title"]]

    async def alert(self, part: str, status: str, count: int = 1, occurrence: int = 1) -> dict[str, Any] | None:
        """The part's one incident when its alert, which so many occurrences have, is in that state and was said so often; else None."""
        found = await self.incidents(part)
        assert len(found) <= 1, f"several incidents of one trouble: {found}"
        said = found[0]["alerts"] if found else []
        there = len(said) == occurrence and said[-1]["status"] == status and said[-1]["count"] >= count
        return found[0] if there else None

    async def metrics(self, port: int) -> list[tuple[str, dict[str, str], float]]:
        """What a process says of itself: the name, the labels and the value of each of its metrics."""
        async with self.bot.http.get(f"http://127.0.0.1:{port}/metrics") as response:
            families = list(text_string_to_metric_families(await response.text()))
        return [(sample.name, dict(sample.labels), sample.value) for family in families for sample in family.samples]

    async def total(self, port: int, name: str, **labels: str) -> float:
        """The sum of a metric of one process over everything that has those labels."""
        found = await self.metrics(port)
        return sum(value for known, has, value in found if known == name and labels.items() <= has.items())

    async def bodies(self, source: str) -> float:
        """How many bodies of a source the bot has accepted."""
        return await self.total(self.bot.port, "muster_alert_bodies_total", source=source)

    def has_sent(self, port: int, receiver: str) -> bool:
        """Whether the Alertmanager at a port has told that receiver anything, by its own word: its metrics do not say whom."""
        lines = (self.folder / f"{ALERTMANAGER}-{port}.log").read_text().splitlines()
        return any("Notify success" in line and f"receiver={receiver} " in line for line in lines)

    async def run_prometheus(self) -> None:
        """Starts the Prometheus, and waits until it is ready."""
        config, listed = self.folder / "prometheus.yml", self.folder / "rules.yml"
        listed.write_text(json.dumps(rules()))
        config.write_text(json.dumps(watching(self.exporter, listed, self.pair, self.bot.port)))
        options = [f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'tsdb'}", f"--rules.alert.resend-delay={_STEP}"]
        await self._run(PROMETHEUS, self.prometheus, *options)
        await self._ready(self.prometheus)

    async def run_pair(self) -> None:
        """Starts the Alertmanagers, and waits until they know of each other.

        Each hears late of what the other has sent and hardly waits for it, so that both send what one should: as on a slow network.
        """
        config = self.folder / "alertmanager.yml"
        config.write_text(json.dumps(notifying(self.bot.url)))
        slow = ["--cluster.gossip-interval=1s", "--cluster.peer-timeout=1ms", "--cluster.settle-timeout=1s", "--log.level=debug"]
        for port, own, other in zip(self.pair, self._gossip, reversed(self._gossip), strict=True):
            storage = f"--storage.path={self.folder / f'pair-{port}'}"
            cluster = [f"--cluster.listen-address=127.0.0.1:{own}", f"--cluster.peer=127.0.0.1:{other}"]
            await self._run(ALERTMANAGER, port, f"--config.file={config}", storage, *cluster, *slow)
        for port in self.pair:
            await self._ready(port)
            await self.until(lambda port=port: self._is_two(port), "the Alertmanagers to know of each other")

    async def _is_two(self, port: int) -> bool:
        return await self.total(port, "alertmanager_cluster_members") == 2

    async def _run(self, program: str, port: int, *options: str) -> None:
        with (self.folder / f"{program}-{port}.log").open("ab") as log:
            self._running[port] = await asyncio.create_subprocess_exec(
                program, f"--web.listen-address=127.0.0.1:{port}", *options, stdout=log, stderr=log, cwd=self.folder
            )

    async def _ready(self, port: int) -> None:
        try:
            await self.until(lambda: self._is_ready(port), f"port {port} to be ready")
        except AssertionError as error:
            logs = "\n".join(path.read_text()[-2000:] for path in self.folder.glob(f"*-{port}.log"))
            raise AssertionError(f"{error}\n{logs}") from None

    async def _is_ready(self, port: int) -> bool:
        try:
            async with self.bot.http.get(f"http://127.0.0.1:{port}/-/ready") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def end(self, *ports: int) -> None:
        """Ends the processes at these ports at once, all of them when none is named."""
        for process in [self._running.pop(port) for port in ports or tuple(self._running)]:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _export(self, _request: web.Request) -> web.Response:
        lines = ["# TYPE trouble gauge", *(f'trouble{{part="{part}"}} {value}' for part, value in self.trouble.items())]
        return web.Response(text="\n".join([*lines, ""]))

    @asynccontextmanager
    async def exporting(self) -> AsyncIterator[None]:
        """Serves what is known of the parts, until the block ends."""
        app = web.Application()
        app.router.add_get("/metrics", self._export)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.exporter).start()
        try:
            yield
        finally:
            await runner.cleanup()


@asynccontextmanager
async def open_stack(folder: Path, **policy: Any) -> AsyncIterator[Stack]:
    """A bot, the pair and the Prometheus that watches an exporter without trouble, until the block ends."""
    async with open_process(folder, f"sqlite+aiosqlite:///{folder / 'muster.db'}", **policy) as bot:
        await bot.start()
        stack = Stack(bot, folder)
        stack.recover(*PAIR, DIRECT, *VENDORS)
        async with stack.exporting():
            try:
                await stack.until(lambda: bot.ask("GET", "/readyz"), "the bot to be ready")
                await stack.run_pair()
                await stack.run_prometheus()
                yield stack
            finally:
                await stack.end()
