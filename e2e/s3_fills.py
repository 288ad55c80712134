"""Fills the buckets of a store (by AWS_ENDPOINT_URL) with the photos of a folder: as they lie there, as shards, and as one archive that
is large enough to come in ranges.

    python e2e/s3_fills.py PHOTOS LARGE.tar
"""

import io
import os
import pathlib
import sys
import tarfile
import time

import boto3
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

# More than what comes in one piece.
LARGE = 70 << 20


def main():
    photos, large = map(pathlib.Path, sys.argv[1:])
    settings = Config(retries={"max_attempts": 1})
    s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name=os.environ["AWS_REGION"], config=settings)
    for _ in range(100):
        try:
            s3.list_buckets()
            break
        except EndpointConnectionError:
            time.sleep(0.2)
    files = sorted(path for path in photos.rglob("*") if path.is_file())
    pictures = [path for path in files if path.suffix in {".jpg", ".png"}]
    place = {"LocationConstraint": os.environ["AWS_REGION"]}
    s3.create_bucket(Bucket="photos", CreateBucketConfiguration=place)
    s3.create_bucket(Bucket="open", CreateBucketConfiguration=place, ACL="public-read")
    for path in files:
        name = path.relative_to(photos).as_posix()
        s3.upload_file(str(path), "photos", f"all flowers/{name}")
    for path in pictures:
        name = path.relative_to(photos).as_posix()
        s3.upload_file(str(path), "open", f"flowers/{name}", ExtraArgs={"ACL": "public-read"})
    for shard in range(3):
        with io.BytesIO() as held:
            with tarfile.open(fileobj=held, mode="w") as tar:
                for number, path in list(enumerate(pictures))[shard::3]:
                    tar.add(path, f"{number:04}{path.suffix}")
                    label = path.parent.name.encode()
                    member = tarfile.TarInfo(f"{number:04}.cls")
                    member.size = len(label)
                    tar.addfile(member, io.BytesIO(label))
            held.seek(0)
            s3.upload_fileobj(held, "photos", f"shards/data-{shard}.tar")
    with tarfile.open(large, "w") as tar:
        for path in pictures:
            tar.add(path, path.relative_to(photos).as_posix())
        filling = tarfile.TarInfo("filling.bin")
        filling.size = LARGE
        tar.addfile(filling, io.BytesIO(os.urandom(LARGE)))
    s3.upload_file(str(large), "photos", "archives/large.tar")
    print(f"{len(pictures)} pictures in each place, {large.stat().st_size} bytes in one archive")


if __name__ == "__main__":
    main()
