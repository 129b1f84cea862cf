"""The front: what every request runs through before its handler, and how whatever goes wrong leaves.

A failure leaves as `{"error": {"code", "message"}}`, and none leaves with a stack trace.
"""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ..delivery.conduct import Conduct
from ..logs import Seldom
from ..metrics import Metrics
from ..refusals import Refusal
from .border import check
from .http import ClientGone, Handler, Request, is_gone
from .origins import Origins
from .paths import Paths
from .reply import Reply, json_response

_log = structlog.get_logger("rest")


class Front:
    """Takes requests to the handlers of these paths."""

    def __init__(self, paths: Paths[Handler], origins: Origins, metrics: Metrics, conduct: Conduct) -> None:
        self._paths = paths
        self._origins = origins
        self._metrics = metrics
        self._conduct = conduct
        self._store_failed = Seldom(_log.error)

    async def handle(self, request: Request) -> Reply:
        """The answer to a request. Raises ConnectionError where nobody is there to read one."""
        try:
            from_a_page = "Origin" in request.headers
            if from_a_page:
                request.shared = self._origins.shared(request)
            check(request.headers)
            asked = self._origins.check(request) if from_a_page else None
            if asked is not None:
                return asked
            handler, request.match_info = self._paths.find(request.method, request.rel_url.path_safe)
            return await handler(request)
        except Refusal as refusal:
            return self._refused(request, refusal)
        except SQLAlchemyError as failure:
            return self._unavailable(request, failure)
        except OSError as failure:
            if isinstance(failure, ClientGone) or (isinstance(failure, ConnectionError) and is_gone(request)):
                raise
            return self._unavailable(request, failure)
        except Exception:
            _log.exception("request-failed", path=request.path)
            return self._refused(request, Refusal("internal_error"))

    def _unavailable(self, request: Request, failure: Exception) -> Reply:
        self._store_failed("store-failed", path=request.path, error=str(failure))
        return self._refused(request, Refusal("unavailable"))

    def _refused(self, request: Request, refusal: Refusal) -> Reply:
        self._metrics.refused(request.channel, refusal.code)
        if is_gone(request):
            # Inside a WebSocket, the bytes of an answer would be frames.
            raise ConnectionResetError("nobody is there to read an answer")
        told = self._conduct.refusal(refusal)
        return json_response(told.status, told.body(), told.headers)
