"""What our locked buckets will rely on, asked of an S3 store: prints one JSON object."""
import datetime
import json
import sys

import boto3
from botocore.exceptions import ClientError

endpoint, key, secret = sys.argv[1:4]
s3 = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1")
s3.create_bucket(Bucket="audit", ObjectLockEnabledForBucket=True)
until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
put = s3.put_object(
    Bucket="audit", Key="mem-acme/checkpoint", Body=b"locked", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until
)
version = put["VersionId"]


def refused(call, **arguments):
    try:
        call(**arguments)
        return None
    except ClientError as error:
        return error.response["Error"]["Code"]


deleted = refused(s3.delete_object, Bucket="audit", Key="mem-acme/checkpoint", VersionId=version)
shorter = refused(
    s3.put_object_retention,
    Bucket="audit",
    Key="mem-acme/checkpoint",
    VersionId=version,
    Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until - datetime.timedelta(hours=12)},
)
body = s3.get_object(Bucket="audit", Key="mem-acme/checkpoint", VersionId=version)["Body"].read().decode()
print(json.dumps({"deleteRefused": deleted, "shorteningRefused": shorter, "body": body}))
