"""The HTTP of the Bot API server: addresses, replies, and what goes wrong with them."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.telegram_calls import Call, Fault, read
from tests.telegram_delivery import Delivery
from tests.telegram_methods import WRITING
from tests.telegram_profile import PROFILE
from tests.telegram_values import RefusedError

if TYPE_CHECKING:
    from tests.telegram_server import Telegram

DELIVERY = frozenset({"deleteWebhook", "getUpdates", "getWebhookInfo", "setWebhook"})
METHODS = {name.lower(): name for name in (*WRITING, *PROFILE, *DELIVERY)}
"""What is known, by the name in small letters: the Bot API does not care."""


class Http:
    """Answers requests."""

    def __init__(self, server: "Telegram") -> None:
        self._server = server
        self.delivery = Delivery(server.world)

    def app(self, more: Iterable[web.RouteDef]) -> web.Application:
        """The routes of the Bot API, and more."""
        app = web.Application(client_max_size=2**26)
        app.add_routes(more)
        app.router.add_route("*", "/bot{token}/{method}", self._bot)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        app.router.add_route("*", "/{rest:.*}", self._nothing)
        return app

    async def _nothing(self, request: web.Request) -> web.Response:
        return _refused(RefusedError(404, "Not Found"))

    async def _file(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != self._server.token:
            return _refused(RefusedError(404, "Not Found"))
        number = request.match_info["path"].removeprefix("documents/")
        file = self._server.world.files.get(number)
        return web.Response(body=file.data) if file else _refused(RefusedError(404, "Not Found"))

    async def _bot(self, request: web.Request) -> web.StreamResponse:
        asked = request.match_info["method"]
        method = METHODS.get(asked.lower(), asked)
        if request.match_info["token"] != self._server.token:
            return _refused(RefusedError(401, "Unauthorized"))
        try:
            call = await read(request, method)
        except RefusedError as refusal:
            call = Call(method=method, params={})
            self._server.note(call)
            return _refused(refusal, call)
        fault = self._server.note(call)
        if fault is None:
            return await self._done(call)
        if fault.delay:
            await asyncio.sleep(fault.delay)
        reply = await self._done(call) if fault.done or not _stops(fault) else None
        if fault.cut:
            _cut(request)
        if fault.body:
            return web.Response(status=fault.status or 502, body=fault.body)
        said = fault.refusal
        return _refused(said, call) if said else reply or web.Response()

    async def _done(self, call: Call) -> web.Response:
        try:
            call.result = await self._result(call)
        except RefusedError as refusal:
            return _refused(refusal, call)
        except Exception as broken:
            self._server.broken.append(f"{call.method} {call.params}: {broken!r}")
            raise
        call.status = 200
        return web.json_response({"ok": True, "result": call.result})

    async def _result(self, call: Call) -> Any:
        match call.method:
            case "getUpdates":
                return await self.delivery.get_updates(call)
            case "setWebhook":
                return await self.delivery.set_webhook(call)
            case "deleteWebhook":
                return await self.delivery.delete_webhook(call)
            case "getWebhookInfo":
                return self.delivery.info()
            case method if method.lower() in METHODS:
                return self._server.do(call)
            case method:
                self._server.unknown.append(method)
                raise RefusedError(404, "Not Found: method not found")


def _refused(refusal: RefusedError, call: Call | None = None) -> web.Response:
    if call:
        call.status, call.description = refusal.status, refusal.description
    return web.json_response(refusal.json(), status=refusal.status)


def _stops(fault: Fault) -> bool:
    return bool(fault.cut or fault.body or fault.refusal)


def _cut(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()
