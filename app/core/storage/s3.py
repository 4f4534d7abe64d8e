"""An object store that speaks S3. With object lock, its own promises keep what must be kept."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from io import BytesIO, RawIOBase
from typing import Any, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.core.storage.port import AlreadyStored, Away, Entry, KeptUntil, NoRoom, NotStored, fit

PART = 8 * 1024 * 1024  # ten thousand of them make 80 GB
GONE = ("404", "NoSuchKey", "NotFound", "NoSuchBucket")
THERE = ("412", "PreconditionFailed")
FULL = ("507", "QuotaExceeded", "InsufficientStorage", "XMinioStorageFull")
LOCKED = ("403", "AccessDenied", "ObjectLocked", "InvalidRequest")


class Bucket:
    """`lock`: empty, `GOVERNANCE` or `COMPLIANCE`; the bucket was made with object lock."""

    def __init__(self, bucket: str, *, prefix: str = "", lock: str = "", **told: Any) -> None:
        self.bucket, self.lock = bucket, lock
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.told = told

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Bucket":
        seconds = float(config["S3_TIMEOUT_SECONDS"])
        named = {
            "endpoint_url": config["S3_ENDPOINT"],
            "region_name": config["S3_REGION"],
            "aws_access_key_id": config["S3_ACCESS_KEY"],
            "aws_secret_access_key": config["S3_SECRET_KEY"],
        }
        return cls(
            config["S3_BUCKET"],
            prefix=config["S3_PREFIX"],
            lock=config["S3_OBJECT_LOCK"],
            config=Config(
                connect_timeout=min(seconds, 5),
                read_timeout=seconds,
                retries={"mode": "standard", "max_attempts": 3},
                s3={"addressing_style": "path" if config["S3_ENDPOINT"] else "auto"},
            ),
            **{name: text for name, text in named.items() if text},
        )

    @cached_property
    def client(self) -> Any:
        """Made at the first use, after the server has forked; it may be shared by greenlets."""
        return boto3.session.Session().client("s3", **self.told)

    def put(self, key: str, content: Iterable[bytes], *, keep_until: datetime | None = None) -> int:
        named = {"Bucket": self.bucket, "Key": self._name(key)}
        promise = self._promise(keep_until)
        parts = _parts(content)
        first, second = next(parts, b""), next(parts, None)
        with self._asking(key):
            if second is None:
                self.client.put_object(**named, Body=first, IfNoneMatch="*", **promise)
                return len(first)
        if self.exists(key):
            raise AlreadyStored(key)
        return self._put_in_parts(key, _joined(first, second, parts), promise)

    def _put_in_parts(self, key: str, parts: Iterable[bytes], promise: dict[str, Any]) -> int:
        named = {"Bucket": self.bucket, "Key": self._name(key)}
        size, made = 0, []
        with self._asking(key):
            begun = self.client.create_multipart_upload(**named, **promise)
        named["UploadId"] = begun["UploadId"]
        try:
            for number, part in enumerate(parts, 1):
                with self._asking(key):
                    answer = self.client.upload_part(**named, PartNumber=number, Body=part)
                made.append({"PartNumber": number, "ETag": answer["ETag"]})
                size += len(part)
            with self._asking(key):
                self.client.complete_multipart_upload(
                    **named, MultipartUpload={"Parts": made}, IfNoneMatch="*"
                )
        except BaseException:
            self._forget(named)
            raise
        return size

    def _forget(self, named: dict[str, Any]) -> None:
        try:
            self.client.abort_multipart_upload(**named)
        except (BotoCoreError, ClientError):
            return  # what was begun is taken away by `tidy`, or by the bucket's own rule

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        if length == 0 or (start and start >= self.size(key)):
            return BytesIO()
        until = "" if length is None else str(start + length - 1)
        wanted = {"Range": f"bytes={start}-{until}"} if start or until else {}
        with self._asking(key):
            found = self.client.get_object(Bucket=self.bucket, Key=self._name(key), **wanted)
        return cast(BinaryIO, Body(found["Body"]))

    def size(self, key: str) -> int:
        with self._asking(key):
            facts = self.client.head_object(Bucket=self.bucket, Key=self._name(key))
        return int(facts["ContentLength"])

    def exists(self, key: str) -> bool:
        try:
            self.size(key)
        except NotStored:
            return False
        return True

    def delete(self, key: str) -> None:
        """With object lock each version is deleted: a mark of deletion would destroy nothing."""
        named = {"Bucket": self.bucket, "Key": self._name(key)}
        if not self.lock:
            with self._asking(key):
                self.client.delete_object(**named)
            return
        with self._asking(key):
            found = self.client.list_object_versions(Bucket=self.bucket, Prefix=named["Key"])
        for version in (*found.get("Versions", ()), *found.get("DeleteMarkers", ())):
            if version["Key"] == named["Key"]:
                with self._asking(key, locked=True):
                    self.client.delete_object(**named, VersionId=version["VersionId"])

    def keep(self, key: str, until: datetime) -> None:
        named = {"Bucket": self.bucket, "Key": self._name(key)}
        with self._asking(key):
            facts = self.client.head_object(**named)
            known = facts.get("ObjectLockRetainUntilDate")
            if self.lock and (known is None or known < until):
                self.client.put_object_retention(
                    **named, Retention={"Mode": self.lock, "RetainUntilDate": until}
                )

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        with self._asking(prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix + prefix
            )
            for page in pages:
                for found in page.get("Contents", ()):
                    key = found["Key"].removeprefix(self.prefix)
                    yield Entry(key, found["Size"], found["LastModified"])

    def tidy(self, before: datetime) -> int:
        count = 0
        with self._asking(""):
            pages = self.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket, Prefix=self.prefix
            )
            begun = [one for page in pages for one in page.get("Uploads", ())]
        for one in begun:
            if one["Initiated"] < before:
                self._forget(
                    {"Bucket": self.bucket, "Key": one["Key"], "UploadId": one["UploadId"]}
                )
                count += 1
        return count

    def _name(self, key: str) -> str:
        return self.prefix + fit(key)

    def _promise(self, until: datetime | None) -> dict[str, Any]:
        if not (until and self.lock):
            return {}
        return {"ObjectLockMode": self.lock, "ObjectLockRetainUntilDate": until}

    @contextmanager
    def _asking(self, key: str, *, locked: bool = False) -> Iterator[None]:
        """What the store answers, in the words of the port."""
        try:
            yield
        except ClientError as error:
            code = _code(error)
            if code in GONE:
                raise NotStored(key) from error
            if code in THERE:
                raise AlreadyStored(key) from error
            if code in FULL:
                raise NoRoom from error
            if locked and code in LOCKED:
                raise KeptUntil from error
            raise Away from error
        except BotoCoreError as error:
            raise Away from error


class Body(RawIOBase):
    """What arrives from the store; a line that breaks in the middle is said as such."""

    def __init__(self, body: Any) -> None:
        self.body = body

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        try:
            piece = self.body.read(len(into))
        except (BotoCoreError, OSError) as error:
            raise Away from error
        into[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self.body.close()
        super().close()


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _parts(content: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of any size, joined into parts of one size."""
    part = bytearray()
    for piece in content:
        part += piece
        while len(part) >= PART:
            yield bytes(part[:PART])
            del part[:PART]
    if part:
        yield bytes(part)


def _joined(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest
