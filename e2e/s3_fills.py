"""Fills the buckets of a store (by AWS_ENDPOINT_URL) with the photos of a folder: as they lie there, as shards, and as one archive that
is large enough to come in ranges.

    python e2e/s3_fills.py PHOTOS LARGE.tar
    python e2e/s3_fills.py guard KEYS

The second has the store check every signature from then on, and writes the key of somebody who may list and read.
"""

import io
import os
import pathlib
import sys
import tarfile
import time
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

# More than what comes in one piece.
LARGE = 70 << 20


MAY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}]}'
STORE, REGION = os.environ["AWS_ENDPOINT_URL"], os.environ["AWS_REGION"]


def client(service):
    return boto3.client(service, endpoint_url=STORE, region_name=REGION, config=Config(retries={"max_attempts": 1}))


def guard(keys):
    iam = client("iam")
    iam.create_user(UserName="reader")
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=MAY)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    keys.write_text(f"AWS_ACCESS_KEY_ID={key['AccessKeyId']}\nAWS_SECRET_ACCESS_KEY={key['SecretAccessKey']}\n")
    # After so many questions, which is none.
    plain = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(f"{STORE}/moto-api/reset-auth", b"0", plain, method="POST")).read()


def fill(photos, large):
    s3 = client("s3")
    for _ in range(100):
        try:
            s3.list_buckets()
            break
        except EndpointConnectionError:
            time.sleep(0.2)
    files = sorted(path for path in photos.rglob("*") if path.is_file())
    pictures = [path for path in files if path.suffix in {".jpg", ".png"}]
    place = {"LocationConstraint": REGION}
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


def main():
    if sys.argv[1] == "guard":
        guard(pathlib.Path(sys.argv[2]))
    else:
        fill(*map(pathlib.Path, sys.argv[1:]))


if __name__ == "__main__":
    main()
