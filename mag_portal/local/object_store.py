"""The S3 server of the embedded stack: SeaweedFS, master, volume, filer and S3 door in one process."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError

from mag_portal.local import programs
from mag_portal.local.credentials import Credentials
from mag_portal.local.ports import LOOPBACK
from mag_portal.local.process import CannotStart, Process

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
BUCKET = "mag-transfers"
PORTS_NEEDED = 8
PROBE = ".takes-objects"
# Volumes are files that grow as they fill; the disk ends before their number does.
VOLUME_SIZE_MIB, VOLUMES = 1024, 8192


@dataclass(frozen=True, kw_only=True)
class ObjectStore:
    """An S3 store and the keys to it."""

    endpoint: str
    access_key: str
    secret_key: str
    bucket: str = BUCKET
    region: str = REGION

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that lead the gateway here."""
        return {
            "S3_ENDPOINT_URL": self.endpoint,
            "S3_ACCESS_KEY_ID": self.access_key,
            "S3_SECRET_ACCESS_KEY": self.secret_key,
            "S3_BUCKET": self.bucket,
            "S3_REGION": self.region,
        }

    def client(self) -> S3Client:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(
                signature_version="s3v4",
                connect_timeout=2,
                read_timeout=5,
                retries={"max_attempts": 1},
                s3={"addressing_style": "path"},
            ),
        )

    def has_bucket(self) -> bool:
        """The store answers and holds the bucket, which is made if it is missing. Raises ``CannotStart`` when refused."""
        client = self.client()
        try:
            if not self._exists(client):
                client.create_bucket(Bucket=self.bucket)
            client.put_object(Bucket=self.bucket, Key=PROBE, Body=b"probe")
            client.delete_object(Bucket=self.bucket, Key=PROBE)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.FORBIDDEN:
                raise CannotStart(f"The S3 store at {self.endpoint} refuses our keys: {error}") from error
            return False
        except BotoCoreError:
            return False
        return True

    def _exists(self, client: S3Client) -> bool:
        try:
            client.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True


def embedded(credentials: Credentials, *, ports: list[int]) -> ObjectStore:
    return ObjectStore(
        endpoint=f"http://{LOOPBACK}:{ports[0]}",
        access_key=credentials.s3_access_key,
        secret_key=credentials.s3_secret_key,
    )


def process(folder: Path, credentials: Credentials, *, ports: list[int]) -> Process:
    """The server on ``folder``, with one identity that may do everything; the first of the eight ``ports`` is the S3 one."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for part in ("data", "log"):
        (folder / part).mkdir(exist_ok=True)
    store = embedded(credentials, ports=ports)
    return Process(
        name="s3",
        command=(programs.weed(), *_options(folder, ports=ports)),
        # Beside the command line, weed reads *.toml from its working folder and from ~/.seaweedfs.
        environment={
            "HOME": str(folder),
            "WEED_MASTER_VOLUME_GROWTH_COPY_1": "2",
            "AWS_ACCESS_KEY_ID": credentials.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.s3_secret_key,
            # What S3_SSE=AES256 encrypts with.
            "WEED_S3_SSE_KEY": credentials.s3_encryption_key,
        },
        folder=folder,
        ready=store.has_bucket,
        # A TERM flushes the volumes within a second; what follows only waits for streams that never end.
        stop_within=3.0,
        death_signal=signal.SIGKILL,
        leftovers=_sockets(ports),
    )


def _sockets(ports: list[int]) -> tuple[Path, ...]:
    """Unix sockets that weed opens beside each gRPC port, at a place that no option changes."""
    _, s3, _, master, _, volume, _, filer = ports
    named = {"s3": s3, "master": master, "volume": volume, "filer": filer}
    return tuple(Path(f"/tmp/seaweedfs-{name}-grpc-{port}.sock") for name, port in named.items())  # noqa: S108


def _options(folder: Path, *, ports: list[int]) -> tuple[str, ...]:
    s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc = ports
    return (
        # Everything goes to files beside the data, errors to the terminal too.
        f"-logdir={folder / 'log'}",
        "-log_max_size_mb=20",
        "-logtostderr=false",
        "-alsologtostderr=false",
        "-stderrthreshold=2",
        "server",
        f"-dir={folder / 'data'}",
        f"-ip={LOOPBACK}",
        f"-ip.bind={LOOPBACK}",
        f"-master.port={master}",
        f"-master.port.grpc={master_grpc}",
        # One master for ever: no election to wait for.
        "-master.peers=none",
        "-master.telemetry=false",
        "-master.volumePreallocate=false",
        f"-master.volumeSizeLimitMB={VOLUME_SIZE_MIB}",
        f"-volume.port={volume}",
        f"-volume.port.grpc={volume_grpc}",
        f"-volume.max={VOLUMES}",
        "-volume.minFreeSpace=256MiB",
        "-volume.preStopSeconds=1",
        "-filer",
        f"-filer.port={filer}",
        f"-filer.port.grpc={filer_grpc}",
        f"-filer.localSocket={folder / 'filer.sock'}",
        "-s3",
        f"-s3.port={s3}",
        f"-s3.port.grpc={s3_grpc}",
        f"-s3.localSocket={folder / 's3.sock'}",
        "-s3.iam=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    )
