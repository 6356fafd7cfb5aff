"""Files out of a plain form: the way without JavaScript, through the same parts and the same ledger.

A file streams from the line into parts while the form is being read; it is never in memory or in ``/tmp`` as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopFutureHandlers
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser
from django.http.response import HttpResponseBase
from django.utils.datastructures import MultiValueDict
from django.views.decorators.csrf import csrf_protect

from core.errors import TooLarge
from core.http import Request
from transfers.errors import Interrupted
from transfers.models import Upload
from transfers.services.files import FileReceiver

Then = Callable[[Request, Sequence[Upload]], HttpResponseBase]


def receive_files(request: Request, *, subject: UUID, then: Then) -> HttpResponseBase:
    """Read the form with its files, then answer with ``then(request, uploads)``.

    The view around it carries ``@csrf_exempt``, because asking for the token reads the form: it is checked here, after
    the files have been taken and before ``then``. When it is wrong, or anything refuses the files or ends the line, none
    of them stays. ``request.POST`` holds the other fields.
    """
    handler = PartsUploadHandler(request, subject=subject)
    request.upload_handlers = [handler]

    @csrf_protect
    def answer(request: HttpRequest) -> HttpResponseBase:
        return then(request, handler.take())  # type: ignore[arg-type]

    try:
        return answer(request)
    except TooManyFilesSent as error:
        most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        raise TooLarge(
            f"A form takes up to {most} files at a time, and this one held more. None of them was kept: go back and send "
            "them in several lots, or packed into one archive."
        ) from error
    finally:
        handler.drop_what_was_not_taken()


class _WholeBody:
    """A body that ends at its announced length or raises ``Interrupted``."""

    def __init__(self, source: Any, length: int) -> None:
        self._source = source
        self._left = length

    def read(self, size: int) -> bytes:
        block: bytes = self._source.read(min(size, self._left))
        if not block and self._left:
            raise Interrupted
        self._left -= len(block)
        return block


class PartsUploadHandler(FileUploadHandler):
    """Django's door to the files of a form, leading into uploads of the actor for ``subject``."""

    chunk_size = 1024**2

    def __init__(self, request: Request, *, subject: UUID) -> None:
        super().__init__(request)
        self._request = request
        self._actor = request.actor
        self._subject = subject
        self._most = int(request.META.get("CONTENT_LENGTH") or 0)
        self._current: FileReceiver | None = None
        self._received: list[FileReceiver] = []

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803 - Django's signature
        content_length: int,
        boundary: str,  # noqa: ARG002
        encoding: str | None = None,
    ) -> tuple[QueryDict, MultiValueDict[str, UploadedFile[bytes]]] | None:
        """Have Django's parser read the form from a stream that tells an early end from the end.

        Django itself takes a form that was cut off for one whose last file is that short.
        """
        if isinstance(input_data, _WholeBody):
            return None
        body = _WholeBody(input_data, content_length)
        return MultiPartParser(META, body, [self], encoding).parse()  # type: ignore[arg-type]

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._current = FileReceiver(self._actor, subject=self._subject, name=self.file_name or "", most=self._most)
        self._received.append(self._current)
        raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 - Django's signature
        if self._current is not None:
            self._current.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        """An empty stand-in for ``request.FILES``: the bytes are in parts already."""
        if self._current is None:
            return None
        self._current.finish()
        self._current = None
        return UploadedFile(ContentFile(b""), self.file_name, self.content_type, file_size)

    def take(self) -> list[Upload]:
        """The uploads of the form, which stay from here on. Reads the form if nobody has done so yet."""
        self._request.POST  # noqa: B018 - reading it is what parses the form
        taken, self._received = self._received, []
        return [receiver.upload for receiver in taken]

    def drop_what_was_not_taken(self) -> None:
        for receiver in self._received:
            receiver.abort()
        self._received = []
