"""Client of a Label Studio ML backend: asks a model, by the protocol that Label Studio speaks with it, for predictions.

    async with MlBackend("http://127.0.0.1:9090", config) as backend:
        await backend.connect()
        answer = await backend.predict(1, {"image": "http://…/halter.png"})

Source: `label_studio_ml/api.py` of HumanSignal/label-studio-ml-backend, and `label_studio/ml/api_connector.py` of Label
Studio. No credential is sent. `/train` and `/webhook` are never called: nothing here teaches the model.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from pydantic import ConfigDict

from gonogo.client.base_client import BaseClient
from gonogo.client.errors import (
    AuthenticationError,
    GonogoClientError,
    NetworkError,
    NotFoundError,
    UnexpectedAnswerError,
)
from gonogo.client.transport.http_transport import RequestOptions
from gonogo.client.transport.requests import as_bytes
from gonogo.client.transport.retry import RetryPolicy
from gonogo.json_types import JsonObject, JsonValue
from gonogo.network import NetworkOptions
from gonogo.schemas.base import Received

PROJECT: Final = "1.0"
"""Project of all requests, as Label Studio writes it: number and time."""
_SLOW: Final = RequestOptions(slow=True)


class _Health(Received):
    status: JsonValue = None
    model_class: JsonValue = None


class _Model(Received):
    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    model_version: JsonValue = None


class _Answer(Received):
    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    results: list[JsonValue]
    model_version: JsonValue = None


class MlBackend:
    """ML backend at one address, with the labeling configuration that it is asked by. An async context manager."""

    def __init__(self, url: str, label_config: str, *, retry: RetryPolicy = RetryPolicy(tries=3)) -> None:  # noqa: B008 - frozen
        """Nothing is sent yet. Raises `InvalidInputError` if `url` is no address of a server."""
        self._config = label_config
        self._calls = BaseClient(url, retry=retry, clean=False, network=NetworkOptions(plain_http=True))
        self.model_version = ""

    @property
    def url(self) -> str:
        return self._calls.base_url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._calls.aclose()

    async def connect(self) -> None:
        """Asks whether the backend is up, and gives it the labeling configuration; learns its `model_version`.

        Raises:
            GonogoClientError: nothing answers there, or something else than an ML backend.
        """
        try:
            await self._calls.call(_Health, "GET", "/health")
        except (NotFoundError, UnexpectedAnswerError) as error:
            raise self._in_words(error, "is no Label Studio ML backend") from None
        except GonogoClientError as error:
            raise self._in_words(error, "isn't up") from None
        body = {"project": PROJECT, "schema": self._config, "hostname": "", "access_token": ""}
        try:
            model = await self._calls.call(_Model, "POST", "/setup", body=as_bytes(body), options=_SLOW)
        except NotFoundError:  # a backend of its own making; the configuration comes with each task, too
            return
        except GonogoClientError as error:
            raise self._in_words(error, "doesn't take the labeling configuration") from None
        self.model_version = version_text(model.model_version)

    async def predict(self, number: int, data: JsonObject) -> list[JsonValue]:
        """The predictions for one task; empty where the model has none.

        Label Studio sends many tasks a request; but a backend leaves out those it has nothing for, and then nobody can
        tell which of the results belongs to which task.

        Raises:
            GonogoClientError: the backend is away (`transient`), refuses the task, or its answer is no list of results.
        """
        body = {
            "tasks": [{"id": number, "data": data}],
            "project": PROJECT,
            "label_config": self._config,
            "model_version": self.model_version or None,
            "params": {"login": None, "password": None, "context": None},
        }
        try:
            answer = await self._calls.call(_Answer, "POST", "/predict", body=as_bytes(body), options=_SLOW)
        except NetworkError as error:
            raise self._in_words(error, "isn't up any more") from None
        results = answer.results
        if len(results) == 1 and isinstance(results[0], list):  # several models; the first counts, as in a file
            results = results[0][:1]
        if len(results) > 1:
            raise UnexpectedAnswerError(f"the backend answered one task with {len(results)} results")
        self.model_version = version_text(answer.model_version) or self.model_version
        return results

    def _in_words(self, error: GonogoClientError, what: str) -> GonogoClientError:
        """The same error, with what it means for this backend."""
        error.message = f"{self.url} {what}: {error.message}"
        if isinstance(error, AuthenticationError):
            error.message = f"{self.url} wants a user name and a password."
            error.next_step = "gonogo sends none: start it without BASIC_AUTH_USER."
        else:
            error.next_step = "Start the backend, and check the address: GET /health must answer."
        error.args = (error.message,)
        return error


def version_text(version: JsonValue) -> str:
    """A model's version as text; `""` without one."""
    return str(version) if isinstance(version, str | int | float) and not isinstance(version, bool) else ""
