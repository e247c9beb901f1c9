"""
The web server: the agents' websocket at `/ws/v1`, and pages for machines that watch over us.

Nothing is read from an address but its path: secrets do not belong into addresses, which end up in
histories and logs, so any query is refused and none is ever logged.
"""

import asyncio
import ipaddress
import logging
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from agents import figures
from agents.auth import Authenticator
from agents.certificates import Certificates, CertificateState
from agents.connection import Connection
from agents.door import Door, DoorCounts, Visitor
from agents.errors import PlainBeyondLoopbackError
from agents.origin import origin_allowed
from agents.ports import Health, Timers
from agents.sessions import AgentSessions
from agents.settings import WebSettings
from protocols.ws.commands import MESSAGE_BYTES_MAX

SHUTDOWN_S: Final = 3.0
BACKLOG: Final = 512
"""Connections that the kernel accepts before we do, so that a whole floor can come at once."""

ROUTINE: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked for every few seconds by machines: when all is well, worth a line only for debugging."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebState:
    """How the server stands now; `certificate` is None where it speaks plain text."""

    strangers: int
    desks: int
    counts: DoorCounts
    certificate: CertificateState | None


class AgentServer:
    """The server, from listening to the last desk's farewell."""

    def __init__(
        self,
        *,
        settings: WebSettings,
        sessions: AgentSessions,
        authenticator: Authenticator,
        health: Health,
        timers: Timers,
        figures: figures.Figures | None = None,
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._authenticator = authenticator
        self._health = health
        self._timers = timers
        self._figures = figures
        self._certificates: Certificates | None = None
        self._looking: asyncio.Task[None] | None = None
        self._door = Door(settings.connection, timers)
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None

    async def start(self) -> int:
        """
        Listen, and return the port.

        Raises:
            PlainBeyondLoopbackError: other machines would be spoken to in plain text.
            CertificateError: certificate or key cannot be used.
            OSError: the address cannot be listened at.
        """
        settings = self._settings
        certificates = certificates_of(settings)
        if certificates is not None:
            self._certificates = certificates
            self._door.tls = lambda: certificates.context
        runner = web.AppRunner(
            self._application(),
            access_log=None,
            logger=_malformed_requests(),
            handle_signals=False,
            shutdown_timeout=SHUTDOWN_S,
        )
        await runner.setup()
        self._runner = runner
        server = runner.server
        if server is None:
            raise RuntimeError("aiohttp made no server")
        self._listener = await asyncio.get_running_loop().create_server(
            partial(self._door.protocol, server),
            settings.listen,
            settings.port,
            backlog=BACKLOG,
        )
        if certificates is not None:
            look = certificates.look_now_and_then(settings.certificate_look_s)
            self._looking = asyncio.get_running_loop().create_task(look)
        port: int = self._listener.sockets[0].getsockname()[1]
        log.info("web_listening", host=settings.listen, port=port, tls=certificates is not None)
        return port

    @property
    def state(self) -> WebState:
        """How the server stands now."""
        return WebState(
            strangers=self._door.strangers,
            desks=len(self._sessions.connected_agents()),
            counts=self._door.counts,
            certificate=None if self._certificates is None else self._certificates.state,
        )

    async def look_at_certificate(self) -> None:
        """Look at once whether the certificate's files have changed."""
        if self._certificates is not None:
            await self._certificates.look()

    async def close(self) -> None:
        """Listen no more, sign all desks out, and wait until they are gone, for 3 s at most."""
        if self._listener is not None:
            self._listener.close()
        if self._looking is not None:
            self._looking.cancel()
        self._sessions.close()
        self._door.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self._authenticator.close()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[_speak_json], client_max_size=0)
        application.router.add_get("/ws/v1", self._websocket)
        application.router.add_get("/healthz", self._healthz)
        application.router.add_get("/readyz", self._readyz)
        application.router.add_get("/metrics", self._metrics)
        application.on_response_prepare.append(_set_headers)
        return application

    async def _healthz(self, _request: web.Request) -> web.Response:
        # That this is answered at all is what it says: the one loop is alive.
        return web.json_response({"status": "ok"})

    async def _readyz(self, _request: web.Request) -> web.Response:
        parts = self._health.readiness()
        ready = all(parts.values())
        return web.json_response(
            {
                "status": "ready" if ready else "not ready",
                "parts": dict(parts),
                "beside": dict(self._health.beside()),
            },
            status=200 if ready else 503,
        )

    async def _metrics(self, request: web.Request) -> web.Response:
        return await figures.answer(request, self._figures, self._settings.metrics_peers)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        self._check_handshake(request)
        websocket = web.WebSocketResponse(
            # One more: aiohttp refuses what reaches the limit.
            max_msg_size=MESSAGE_BYTES_MAX + 1,
            # A compressed message may be a thousand times its size, and small ones gain nothing.
            compress=False,
            heartbeat=self._settings.connection.heartbeat_s,
            timeout=self._settings.connection.close_s,
        )
        visitor = _visitor(request)
        if not websocket.can_prepare(request):
            raise _refused(web.HTTPUpgradeRequired(), "speak websocket here")
        if not visitor.expect_frames():
            raise _refused(web.HTTPBadRequest(), "wait for the handshake's answer")
        await websocket.prepare(request)
        connection = Connection(
            websocket,
            visitor,
            address=request.remote or "",
            sessions=self._sessions,
            authenticator=self._authenticator,
            settings=self._settings.connection,
            timers=self._timers,
        )
        await connection.serve()
        return websocket

    def _check_handshake(self, request: web.Request) -> None:
        if request.rel_url.raw_query_string:
            raise _refused(
                web.HTTPBadRequest(),
                "nothing is read from the query, and secrets do not belong there: "
                "sign in with the first message",
            )
        origins = request.headers.getall(hdrs.ORIGIN, [])
        if not origin_allowed(
            origins,
            host=request.headers.get(hdrs.HOST, ""),
            secure=request.secure,
            allowed=self._settings.origins,
        ):
            log.warning("origin_refused", origin=origins[0][:200], address=request.remote)
            raise _refused(web.HTTPForbidden(), "pages of this origin may not connect")


def certificates_of(settings: WebSettings) -> Certificates | None:
    """
    Return the certificate that the server speaks TLS with; None where it may speak plain text.

    Raises:
        PlainBeyondLoopbackError: it may not.
        CertificateError: certificate or key cannot be used.
    """
    if settings.certificate is None:
        if not (_is_loopback(settings.listen) or settings.allow_plain_beyond_loopback):
            raise PlainBeyondLoopbackError(settings.listen)
        return None
    return Certificates(settings.certificate, settings.key or settings.certificate)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # A name may come to mean any address.


def _visitor(request: web.Request) -> Visitor:
    transport = request.transport
    visitor = None if transport is None else transport.get_protocol()
    if not isinstance(visitor, Visitor):
        raise ConnectionResetError("the client has gone")
    return visitor


def _refused(error: web.HTTPException, message: str) -> web.HTTPException:
    error.text = message
    return error


@web.middleware
async def _speak_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except web.HTTPException as error:
        response = web.json_response(
            {"status": error.status, "message": error.text}, status=error.status
        )
    resource = request.match_info.route.resource
    # The route's own path: what the client wrote in its place may hold anything.
    path = None if resource is None else resource.canonical
    tell = log.debug if path in ROUTINE and response.status == HTTPStatus.OK else log.info
    tell(
        "http_request_served",
        method=request.method,
        path=path,
        status=response.status,
        address=request.remote,
    )
    return response


async def _set_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers[hdrs.SERVER] = "cordboard"
    if response.status == HTTPStatus.SWITCHING_PROTOCOLS:
        return
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    response.headers[hdrs.X_CONTENT_TYPE_OPTIONS] = "nosniff"
    # One request a connection: a stranger who keeps his open would only be timed out.
    response.force_close()


class _MalformedRequests(logging.Handler):
    """Says of a malformed request that it came, without its text, which may hold secrets."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        log.warning("http_request_malformed", error=type(error).__name__)


def _malformed_requests() -> logging.Logger:
    # A logger of this server's own, not one of the process's table.
    logger = logging.Logger("agents.server.malformed", logging.WARNING)  # noqa: LOG001  see above
    logger.addHandler(_MalformedRequests())
    return logger
